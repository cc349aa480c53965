import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore

/// Reads a watch's body: one JSON document a line, each an event.
actor WatchReader {
    /// The longest event. An object has at most about 1.5 MiB in etcd; escapes and managed fields may multiply that.
    static let longestLine = 16 * 1024 * 1024

    private let pieces: HTTPClientStream.Body.AsyncIterator
    private let source: String
    private var lines = LineSplitter(limit: longestLine)
    private var isAtEnd = false

    /// - Parameter source: the URL, for errors.
    init(_ body: HTTPClientStream.Body, source: String) {
        pieces = body.makeAsyncIterator()
        self.source = source
    }

    /// The next event, or nil when the server has ended the watch.
    ///
    /// - Throws: `APIError` for an event of the type ERROR, `ClusterUnreachable` for a body that is no watch.
    func next() async throws -> WatchEvent? {
        while !isAtEnd {
            while let line = lines.next() {
                if let event = try WatchEvent(line: line, source: source) { return event }
            }
            guard !lines.isTooLong else { throw malformed("an event is longer than \(Self.longestLine) bytes") }
            guard let piece = try await pieces.next() else {
                isAtEnd = true
                // Servers end an event with a line break; half of one means that the connection was cut politely.
                guard lines.isEmpty else { throw malformed("it ended in the middle of an event") }
                break
            }
            lines.append(piece)
        }
        return nil
    }

    private func malformed(_ problem: String) -> ClusterUnreachable {
        ClusterUnreachable("The watch of \(source) broke: \(problem).")
    }
}

extension WatchEvent {
    /// Reads one line of a watch.
    ///
    /// - Returns: nil for a blank line or an event of a type that is not known (servers may add some).
    init?(line: ByteBufferView, source: String) throws {
        guard line.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") }) else { return nil }
        let json: JSON
        do {
            json = try JSON(parsing: line)
        } catch {
            throw ClusterUnreachable("The watch of \(source) broke: an event is not JSON: \(error).")
        }
        guard let type = json["type"]?.string, let object = json["object"], object.object != nil else {
            throw ClusterUnreachable("The watch of \(source) broke: an event has no type or no object.")
        }
        switch type {
        case "ADDED": self = .added(KubernetesObject(object))
        case "MODIFIED": self = .modified(KubernetesObject(object))
        case "DELETED": self = .deleted(KubernetesObject(object))
        case "BOOKMARK": self = .bookmark(resourceVersion: KubernetesObject(object).resourceVersion)
        case "ERROR": throw APIError(status: object, code: 500, fallback: "the server ended the watch with an error")
        default: return nil
        }
    }
}
