import Dispatch
import Glibc
import PodHost

/// The program `causeway-supervisor`, started once for each pod.
struct SupervisorProgram: Sendable {
    let path: String

    /// What this machine lets us do, as the program finds by trying.
    func isolation() async throws(PodRuntimeError) -> String {
        let (status, output) = await run(["--isolation"])
        guard status == 0 else { throw failure(status, output) }
        return String(output.prefix { $0 != "\n" })
    }

    /// Starts the supervisor of the pod in a folder and waits until the pod is set up.
    func supervise(_ folder: PodFolder) async throws(PodRuntimeError) {
        let (status, output) = await run([folder.path])
        // 3: another supervisor has it, which is what was wanted.
        guard status == 0 || status == 3 else { throw failure(status, output) }
    }

    private func failure(_ status: Int32, _ output: String) -> PodRuntimeError {
        let words = output.split(separator: "\n").last.map(String.init) ?? "it said nothing"
        return PodRuntimeError(.sandbox, "\(path) failed (exit status \(status)): \(words)")
    }

    private func run(_ arguments: [String]) async -> (status: Int32, output: String) {
        await withCheckedContinuation { continuation in
            // It takes some tens of milliseconds, on a thread that may wait.
            DispatchQueue.global().async { continuation.resume(returning: spawn(arguments)) }
        }
    }

    private func spawn(_ arguments: [String]) -> (status: Int32, output: String) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return (-1, "\(SystemError.last("make a pipe"))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, path, &actions, nil, words, environ)
        close(ends[1])
        defer { close(ends[0]) }
        guard result == 0 else { return (-1, "\(SystemError("start \(path)", code: result))") }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(ends[0], &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            if output.count < 65_536 { output += buffer[..<count] }
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return (status & 0x7F == 0 ? (status >> 8) & 0xFF : -1, String(decoding: output, as: UTF8.self))
    }
}
