import CLinuxShims
import Glibc
import PodHost

/// The socket at which the daemon announces clients that want to attach to a container.
///
/// A client's connection begins with a line, `CONTAINER ioe BYTES`: which container, which of input, output and error, and
/// how much of the run's log the client may have seen.
/// Whoever can open the pod's folder can attach: the daemon's user.
struct AttachDoor {
    struct Request {
        let socket: Int32
        let container: String
        /// Of `i`, `o` and `e`.
        let wanted: Set<Character>
        let seenLog: Int
    }

    private static let longestLine = 300
    /// Connections that have not said what they want.
    private static let mostWaiting = 16

    private let listener: Int32
    private var waiting: [(socket: Int32, line: [UInt8])] = []

    init(_ folder: PodFolder) throws(SystemError) {
        let place = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard place >= 0 else { throw .last("open \(folder.path)") }
        defer { close(place) }
        listener = causeway_listen_in(place, PodFolder.attachSocket)
        guard listener >= 0 else { throw .last("listen at \(folder.path)/\(PodFolder.attachSocket)") }
    }

    /// What to wait for.
    var files: [pollfd] {
        let own = waiting.count < Self.mostWaiting ? [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)] : []
        return own + waiting.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
    }

    /// Those who have said what they want by now. Their sockets are the caller's.
    mutating func requests() -> [Request] {
        while waiting.count < Self.mostWaiting {
            let socket = causeway_accept(listener)
            guard socket >= 0 else { break }
            waiting.append((socket, []))
        }
        var requests: [Request] = []
        waiting = waiting.compactMap { client in
            var client = client
            // Byte by byte, so that nothing behind the line is taken.
            while client.line.last != UInt8(ascii: "\n") {
                var byte: UInt8 = 0
                let count = read(client.socket, &byte, 1)
                if count < 0, errno == EAGAIN || errno == EINTR { return client }
                guard count == 1, client.line.count < Self.longestLine else {
                    close(client.socket)
                    return nil
                }
                client.line.append(byte)
            }
            let words = String(decoding: client.line.dropLast(), as: UTF8.self).split(separator: " ")
            guard words.count == 3, let seenLog = Int(words[2]) else {
                close(client.socket)
                return nil
            }
            requests.append(
                Request(
                    socket: client.socket, container: String(words[0]), wanted: Set(words[1]), seenLog: seenLog))
            return nil
        }
        return requests
    }
}
