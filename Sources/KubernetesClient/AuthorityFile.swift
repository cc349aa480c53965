import Synchronization
import TLSTransport

/// The authorities in a file that may be replaced while the program runs, as when a cluster's authority is renewed: whom to
/// believe that it is the API server.
public final class AuthorityFile: Sendable {
    /// What the file held when it was read last.
    struct Content {
        let certificates: [Certificate]
        /// Tells these authorities from those before and after them; 1 for the first.
        let generation: Int
    }

    private struct Read {
        var content: Content
        let text: [UInt8]
        var time: ContinuousClock.Instant
    }

    /// How long what was read is used before the file is looked at again: as for ``BearerToken``.
    private static let renewal: Duration = .seconds(60)

    private let path: String
    private let place: Kubeconfig.Place?
    private let last: Mutex<Read>

    /// Reads the file for the first time.
    ///
    /// - Parameter place: where the path stands, as the field `certificate-authority`; `nil` for a path that is known.
    /// - Throws: ``KubeconfigError`` if it cannot be read or holds no certificate.
    init(_ path: String, place: Kubeconfig.Place?) throws(KubeconfigError) {
        func error(_ problem: String, isInContent: Bool) -> KubeconfigError {
            guard let place else { return KubeconfigError(file: path, problem) }
            return place.error("certificate-authority", isInContent ? problem : "\(path) \(problem)")
        }
        self.path = path
        self.place = place
        let text: [UInt8]
        do {
            text = try BoundedFile.read(path)
        } catch let failure {
            throw error("cannot be read: \(failure.problem)", isInContent: false)
        }
        do {
            let certificates = try Certificate.chain(pem: String(decoding: text, as: UTF8.self))
            last = Mutex(Read(content: Content(certificates: certificates, generation: 1), text: text, time: .now))
        } catch let problem {
            throw error("\(problem)", isInContent: true)
        }
    }

    /// The authorities now. A file that is just being replaced may be half of one: what it held before counts until it is whole.
    var current: Content {
        let known = last.withLock { $0 }
        guard ContinuousClock.now - known.time >= Self.renewal else { return known.content }
        let text = (try? BoundedFile.read(path)) ?? known.text
        let certificates = text == known.text ? nil : try? Certificate.chain(pem: String(decoding: text, as: UTF8.self))
        return last.withLock { last in
            last.time = .now
            guard let certificates, last.text == known.text else { return last.content }
            let content = Content(certificates: certificates, generation: last.content.generation + 1)
            last = Read(content: content, text: text, time: .now)
            return content
        }
    }

    /// A connection has failed, perhaps because the server has a certificate of another authority by now: ``current`` looks anew.
    func lookAgain() {
        last.withLock { $0.time = .now - Self.renewal }
    }
}
