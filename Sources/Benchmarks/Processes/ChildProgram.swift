import Glibc

/// A program that is measured: it runs from `init` until `end`, and never outlives this process.
final class ChildProgram {
    let process: Int32
    private let logPath: String
    private var hasEnded = false

    /// Starts a program that stands in the folder of this one.
    ///
    /// - Parameter logPath: where its standard output and error go.
    init(_ name: String, _ arguments: [String], logPath: String) throws {
        self.logPath = logPath
        let path = try Self.folder() + "/" + name
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, logPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let result = posix_spawn(&process, path, &actions, nil, &words, environ)
        guard result == 0 else {
            throw BenchmarkFailure("\(path) cannot be started (\(String(cString: strerror(result)))): build it first")
        }
        self.process = process
    }

    deinit { end(SIGKILL) }

    /// The folder in which this program stands.
    private static func folder() throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path = String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard let slash = path.lastIndex(of: "/") else {
            throw BenchmarkFailure("/proc/self/exe does not say where this program stands: is /proc mounted?")
        }
        return String(path[..<slash])
    }

    /// Waits until something is true of the program.
    ///
    /// - Throws: what the program said, where it ends before, or takes longer than a minute.
    func wait(until isReady: () -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !isReady() {
            var status: Int32 = 0
            if waitpid(process, &status, WNOHANG) == process { hasEnded = true }
            guard !hasEnded, ContinuousClock.now < deadline else {
                throw BenchmarkFailure("the program did not get ready. It said:\n\(log.joined(separator: "\n"))")
            }
            usleep(500)
        }
    }

    /// What it has printed until now.
    var log: [String] { SystemFile.lines(logPath) }

    func usage() throws -> ProcessUsage { try ProcessUsage(of: process) }

    /// The most that its resident set has been.
    var peakBytes: Int { ProcessUsage.bytes("VmHWM:", of: process) }

    /// Ends it by a signal and waits until it has gone. Idempotent.
    func end(_ signal: Int32) {
        guard !hasEnded else { return }
        hasEnded = true
        kill(process, signal)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
}
