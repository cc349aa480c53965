import CLinuxShims
import Dispatch
import Glibc
import PodHost

/// A process of `causeway-supervisor` that does something inside a pod for one client, and the socket to it.
struct PodVisit: Sendable {
    /// Where its last word comes; closing it ends the visit.
    let socket: AsyncDescriptor
    private let process: pid_t

    /// - Parameters:
    ///   - streams: descriptors 0 to 2 of the new process, still the caller's to close; -1 for `/dev/null`.
    static func start(
        _ program: String, _ arguments: [String], streams: [Int32]
    ) throws(PodRuntimeError) -> PodVisit {
        var ends: [Int32] = [-1, -1]
        guard causeway_socket_pair(&ends) == 0 else { throw failure(SystemError.last("make a socket pair")) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Away from the numbers they go to, so that no copy overwrites what is still to be copied.
        var copies: [Int32] = []
        defer { for copy in copies { close(copy) } }
        for (number, file) in (streams + [ends[1]]).enumerated() {
            guard file >= 0 else {
                posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", O_RDWR, 0)
                continue
            }
            let copy = fcntl(file, F_DUPFD_CLOEXEC, 16)
            guard copy >= 0 else {
                close(ends[0])
                throw failure(SystemError.last("copy a descriptor"))
            }
            copies.append(copy)
            posix_spawn_file_actions_adddup2(&actions, copy, Int32(number))
        }
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, program, &actions, nil, words, environ)
        guard result == 0 else {
            close(ends[0])
            throw failure(SystemError("start \(program)", code: result))
        }
        return PodVisit(socket: AsyncDescriptor(owning: ends[0]), process: child)
    }

    private static func failure(_ error: SystemError) -> PodRuntimeError { PodRuntimeError(.notStarted, "\(error)") }

    /// The visitor's last word; empty where it was killed.
    func word() async throws -> String {
        var bytes: [UInt8] = []
        while let more = try await socket.read(limit: 4096) {
            if bytes.count < 65_536 { bytes += more }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Ends the visit, and the program it runs, where it has not ended by itself.
    func end() {
        socket.close()
        let process = process
        // At once, or as soon as the visitor has noticed: on a thread that may wait.
        DispatchQueue.global().async { while waitpid(process, nil, 0) < 0, errno == EINTR {} }
    }
}
