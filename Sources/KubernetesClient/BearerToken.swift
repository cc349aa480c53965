import Synchronization

/// A token that proves who the client is: a text, or a file that may be renewed while the program runs.
///
/// Its text is in no description.
public final class BearerToken: Sendable, CustomStringConvertible {
    private enum Source {
        case text(String)
        case file(path: String, place: Kubeconfig.Place?)
    }

    private struct Read {
        let text: String
        let time: ContinuousClock.Instant
    }

    /// How long what was read from a file is used. Kubelets rewrite mounted tokens long before they expire; a minute is
    /// what Kubernetes' own client waits.
    private static let renewal: Duration = .seconds(60)

    private let source: Source
    private let lastRead = Mutex<Read?>(nil)

    /// A fixed token.
    public init(_ text: String) {
        source = .text(text)
    }

    /// The token that a file holds, read when it is first needed and again after a minute.
    public convenience init(file: String) {
        self.init(file: file, place: nil)
    }

    init(file: String, place: Kubeconfig.Place?) {
        source = .file(path: file, place: place)
    }

    /// The token now.
    ///
    /// - Throws: ``KubeconfigError`` if the file cannot be read and never could be, or holds no token.
    public func current() throws(KubeconfigError) -> String {
        switch source {
        case .text(let text):
            return text
        case .file(let path, let place):
            let now = ContinuousClock.now
            let last = lastRead.withLock { $0 }
            if let last, now - last.time < Self.renewal { return last.text }
            do {
                let text = try Self.read(path, place)
                lastRead.withLock { $0 = Read(text: text, time: now) }
                return text
            } catch {
                // The file may be just being replaced; the server decides about the old token.
                if let last { return last.text }
                throw error
            }
        }
    }

    /// The server has taken this token for nobody's: ``current()`` looks into its file again.
    ///
    /// - Returns: whether there is a file to look into.
    func refused(_ text: String) -> Bool {
        guard case .file = source else { return false }
        lastRead.withLock { last in
            guard let read = last, read.text == text else { return }
            last = Read(text: read.text, time: .now - Self.renewal)
        }
        return true
    }

    private static func read(_ path: String, _ place: Kubeconfig.Place?) throws(KubeconfigError) -> String {
        func error(_ problem: String) -> KubeconfigError {
            place?.error("tokenFile", "\(path) \(problem)") ?? KubeconfigError(file: path, problem)
        }
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.read(path, limit: 64 * 1024)
        } catch let failure {
            throw error("cannot be read: \(failure.problem)")
        }
        let token = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard token.count == 1, let text = token.first else { throw error("holds no token") }
        return String(text)
    }

    public var description: String { "a bearer token" }
}
