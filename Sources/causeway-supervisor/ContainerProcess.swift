import CLinuxShims
import Glibc
import PodHost
import PodRecords

/// The running main process of a container, with the supervisor's ends of its streams.
struct ContainerProcess {
    /// As this process sees it.
    let pid: pid_t
    /// As the host sees it.
    let identity: ProcessIdentity
    /// Where its standard input is written, the terminal's keyboard or a pipe; -1 where it has none.
    let input: Int32
    /// What it writes: pipes, or the screen of its terminal, which has no standard error of its own.
    let output: [LogLine.Stream: Int32]

    struct StartFailure: Error {
        /// As the kubelet's events say it.
        let message: String
    }

    /// Starts the container's program in a session of its own.
    ///
    /// - Parameter mounts: `nil` where containers see the machine's files as they are.
    init(_ plan: ContainerPlan, mounts: ContainerMounts?, sandbox: Sandbox) throws(StartFailure) {
        let name = plan.arguments[0]
        var report: [Int32] = [-1, -1]
        guard causeway_pipe(&report) == 0 else {
            throw StartFailure(message: "\(SystemError.last("make a pipe"))")
        }
        let streams: ContainerStreams
        do throws(SystemError) { streams = try ContainerStreams(plan.console, devices: sandbox.devices) } catch {
            for file in report { close(file) }
            throw StartFailure(message: "\(error)")
        }
        let arguments = CStrings(plan.arguments)
        let environment = CStrings(plan.environment)
        let child = causeway_fork()
        if child == 0 {
            Self.execute(
                plan, mounts, arguments, environment,
                directory: plan.workingDirectory.isEmpty ? "/" : plan.workingDirectory, streams: streams.program,
                report: report[1], hostProcesses: sandbox.hostProcesses)
        }
        arguments.free()
        environment.free()
        let forkFailure = SystemError.last("fork")
        close(report[1])
        streams.closeProgramEnds()
        let (number, failure) = Self.readReport(report[0])
        close(report[0])
        guard child > 0, let number, failure.isEmpty else {
            if child > 0 { waitpid(child, nil, 0) }
            streams.closeOwnEnds()
            let early = "exec: \"\(name)\": the process ended before the program started"
            throw StartFailure(message: child > 0 ? (failure.isEmpty ? early : failure) : "\(forkFailure)")
        }
        pid = child
        identity = ProcessIdentity(
            pid: number, startTicks: sandbox.processes.startTicks(of: number))
        input = streams.input
        output = streams.output
    }

    /// Runs in the child. The process has one thread, so that any code is safe here.
    private static func execute(
        _ plan: ContainerPlan, _ mounts: ContainerMounts?, _ arguments: CStrings, _ environment: CStrings,
        directory: String, streams: [Int32], report: Int32, hostProcesses: Int32
    ) -> Never {
        func fail(_ message: String) -> Never {
            try? PodFiles.writeAll(Array(message.utf8), to: report, path: "the report")
            _exit(127)
        }
        setsid()
        _ = causeway_die_with_parent()
        _ = causeway_reset_signals()
        var number = Int64(Sandbox.hostNumber(in: hostProcesses))
        _ = write(report, &number, MemoryLayout<Int64>.size)
        do throws(SystemError) { try mounts?.enter() } catch {
            fail("error mounting: \(error)")
        }
        // Those that it does not have are what the supervisor has: nothing.
        for (number, file) in streams.enumerated() where file >= 0 { dup2(file, Int32(number)) }
        if plan.console?.isTerminal == true { _ = causeway_control_terminal(0) }
        _ = causeway_close_on_exec_from(3)
        let name = plan.arguments[0]
        guard let program = find(name, environment: plan.environment) else {
            fail("exec: \"\(name)\": executable file not found in $PATH")
        }
        guard chdir(directory) == 0 else {
            fail("chdir to cwd (\"\(plan.workingDirectory)\") set in the container: \(reason(errno))")
        }
        execve(program, arguments.pointers, environment.pointers)
        fail("exec: \"\(program)\": \(reason(errno))")
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }

    /// The host's number of the child, which it tells first, and why its program could not be started, where that is so.
    private static func readReport(_ file: Int32) -> (number: Int?, failure: String) {
        var buffer = [UInt8](repeating: 0, count: 1024)
        var bytes: [UInt8] = []
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        guard bytes.count >= MemoryLayout<Int64>.size else { return (nil, "") }
        let number = bytes.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }
        return (Int(number), String(decoding: bytes[MemoryLayout<Int64>.size...], as: UTF8.self))
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
