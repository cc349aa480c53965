import CLinuxShims
import Glibc
import PodHost
import PodRecords

/// The running main process of a container, with the pipes of its output.
struct ContainerProcess {
    /// As this process sees it.
    let pid: pid_t
    /// As the host sees it.
    let identity: ProcessIdentity
    let standardOutput: Int32
    let standardError: Int32

    struct StartFailure: Error {
        /// As the kubelet's events say it.
        let message: String
    }

    /// Where a child failed between fork and execve.
    private enum Stage: Int32 {
        case workingDirectory = 1
        case execute = 2
    }

    /// Starts the container's program in a session of its own.
    init(_ plan: ContainerPlan, sandbox: Sandbox) throws(StartFailure) {
        let name = plan.arguments[0]
        guard let program = Self.find(name, environment: plan.environment) else {
            throw StartFailure(message: "exec: \"\(name)\": executable file not found in $PATH")
        }
        var output: [Int32] = [-1, -1]
        var error: [Int32] = [-1, -1]
        var report: [Int32] = [-1, -1]
        guard causeway_pipe(&output) == 0, causeway_pipe(&error) == 0, causeway_pipe(&report) == 0 else {
            let failure = SystemError.last("make a pipe")
            for file in output + error + report where file >= 0 { close(file) }
            throw StartFailure(message: "\(failure)")
        }
        let arguments = CStrings(plan.arguments)
        let environment = CStrings(plan.environment)
        let child = causeway_fork()
        if child == 0 {
            Self.execute(
                program, arguments, environment, directory: plan.workingDirectory.isEmpty ? "/" : plan.workingDirectory,
                output: output[1], error: error[1], report: report[1], hostProcesses: sandbox.hostProcesses)
        }
        arguments.free()
        environment.free()
        let forkFailure = SystemError.last("fork")
        for file in [output[1], error[1], report[1]] { close(file) }
        let words = Self.readNumbers(report[0])
        close(report[0])
        guard child > 0, words.count == 1 else {
            if child > 0 { waitpid(child, nil, 0) }
            for file in [output[0], error[0]] { close(file) }
            throw StartFailure(
                message: child > 0 ? Self.explain(words, program, plan) : "\(forkFailure)")
        }
        for file in [output[0], error[0]] { _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK) }
        pid = child
        identity = ProcessIdentity(
            pid: Int(words[0]), startTicks: sandbox.processes.startTicks(of: Int(words[0])))
        standardOutput = output[0]
        standardError = error[0]
    }

    /// Runs in the child. The process has one thread, so that any code is safe here.
    private static func execute(
        _ program: String, _ arguments: CStrings, _ environment: CStrings, directory: String, output: Int32,
        error: Int32, report: Int32, hostProcesses: Int32
    ) -> Never {
        func tell(_ numbers: Int32...) {
            _ = numbers.withUnsafeBytes { write(report, $0.baseAddress, $0.count) }
        }
        setsid()
        _ = causeway_die_with_parent()
        _ = causeway_reset_signals()
        tell(Int32(Sandbox.hostNumber(in: hostProcesses)))
        dup2(output, 1)
        dup2(error, 2)
        _ = causeway_close_on_exec_from(3)
        if chdir(directory) != 0 {
            tell(Stage.workingDirectory.rawValue, errno)
            _exit(127)
        }
        execve(program, arguments.pointers, environment.pointers)
        tell(Stage.execute.rawValue, errno)
        _exit(127)
    }

    private static func readNumbers(_ file: Int32) -> [Int32] {
        var buffer = [UInt8](repeating: 0, count: 64)
        var bytes: [UInt8] = []
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
        }
    }

    private static func explain(_ words: [Int32], _ program: String, _ plan: ContainerPlan) -> String {
        guard words.count == 3 else { return "exec: \"\(program)\": the process ended before the program started" }
        let reason = String(cString: strerror(words[2])).lowercased()
        return switch Stage(rawValue: words[1]) {
        case .workingDirectory: "chdir to cwd (\"\(plan.workingDirectory)\") set in the container: \(reason)"
        case .execute, nil: "exec: \"\(program)\": \(reason)"
        }
    }

    /// The program's file: as given where it has a slash, otherwise from the environment's `PATH`.
    static func find(_ name: String, environment: [String]) -> String? {
        if name.contains("/") { return name }
        let path = environment.first { $0.hasPrefix("PATH=") }.map { $0.dropFirst(5) } ?? ""
        for folder in path.split(separator: ":") {
            let candidate = "\(folder)/\(name)"
            var status = stat()
            if access(candidate, X_OK) == 0, Glibc.fstatat(AT_FDCWD, candidate, &status, 0) == 0,
                status.st_mode & S_IFMT == S_IFREG
            {
                return candidate
            }
        }
        return nil
    }

    /// Asks the program to end: only the main process is told, as in a container.
    func signal(_ number: Int32) { kill(pid, number) }

    /// Ends the program and everything in its session's group.
    func end() { kill(-pid, SIGKILL) }
}
