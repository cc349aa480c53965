import CLinuxShims
import Glibc
import PodHost
import PodRecords

/// Does one thing inside a running pod for the daemon that started this process: runs a program, or connects to a port.
///
/// Descriptor 3 is a socket to the daemon. The visit ends with a word on it (`code N`, `signal N`, or why nothing came of
/// it), or when the daemon closes it. Descriptors 0 to 2 are the program's.
struct Visitor {
    private static let daemon: Int32 = 3

    private let folder: PodFolder

    init(folder: String) { self.folder = PodFolder(path: folder) }

    // MARK: - Programs

    /// Runs a program with the environment and working directory of a container, until it, the container, or the daemon's
    /// interest ends.
    func execute(container name: String, hasTerminal: Bool, command: [String]) -> Int32 {
        visit {
            let (plan, container) = try running(name)
            let handle = try enter(plan, container)
            let signals = causeway_signal_descriptor([SIGCHLD], 1)
            guard signals >= 0 else { throw SystemError.last("watch for signals") }
            guard let described = plan.containers.first(where: { $0.name == name }) else { throw Absent(name: name) }
            let child = try start(command, as: described, hasTerminal: hasTerminal)
            let null = open("/dev/null", O_RDWR | O_CLOEXEC)
            // The program's streams end when the program lets go of them.
            for file in 0...2 { dup2(null, Int32(file)) }
            return wait(for: child, signals: signals, container: handle)
        }
    }

    private struct Absent: Error, CustomStringConvertible {
        let name: String
        var description: String { "container not found (\"\(name)\")" }
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private func running(_ name: String) throws -> (plan: PodPlan, process: ProcessIdentity) {
        let plan = try folder.plan()
        guard case .running(let process, _) = folder.state()?[name]?.state else { throw Absent(name: name) }
        return (plan, process)
    }

    /// Joins the namespaces of a process.
    ///
    /// - Returns: a descriptor that becomes readable when the process ends.
    private func enter(_ plan: PodPlan, _ process: ProcessIdentity) throws -> Int32 {
        let handle = causeway_pidfd_open(Int32(clamping: process.pid))
        // The descriptor pins the number: checked after it was opened, the check holds.
        guard handle >= 0, ProcessTable().isAlive(process) else { throw Failure(description: "the pod has ended") }
        let shared =
            causeway_new_pid | causeway_new_mount | causeway_new_uts | causeway_new_ipc | causeway_new_net
        let namespaces: Int32
        switch plan.isolation {
        case .privileged: namespaces = shared
        case .userNamespace: namespaces = shared | causeway_new_user
        case .none: return handle
        }
        guard causeway_enter_namespaces(handle, namespaces) == 0 else {
            throw SystemError.last("enter the pod's namespaces")
        }
        return handle
    }

    private func start(_ command: [String], as plan: ContainerPlan, hasTerminal: Bool) throws -> pid_t {
        let name = command.first ?? ""
        var variables = plan.environment
        if hasTerminal, !variables.contains(where: { $0.hasPrefix("TERM=") }) { variables.append("TERM=xterm") }
        guard let program = ContainerProcess.find(name, environment: variables) else {
            throw Failure(description: "exec: \"\(name)\": executable file not found in $PATH")
        }
        var report: [Int32] = [-1, -1]
        guard causeway_pipe(&report) == 0 else { throw SystemError.last("make a pipe") }
        let arguments = CStrings(command)
        let environment = CStrings(variables)
        let directory = plan.workingDirectory.isEmpty ? "/" : plan.workingDirectory
        let child = causeway_fork()
        if child == 0 {
            setsid()
            if hasTerminal { _ = causeway_control_terminal(0) }
            _ = causeway_die_with_parent()
            _ = causeway_reset_signals()
            _ = causeway_close_on_exec_from(3)
            if chdir(directory) == 0 { execve(program, arguments.pointers, environment.pointers) }
            var number = errno
            _ = write(report[1], &number, MemoryLayout<Int32>.size)
            _exit(127)
        }
        guard child > 0 else { throw SystemError.last("fork") }
        close(report[1])
        defer { close(report[0]) }
        var number: Int32 = 0
        var count = 0
        repeat { count = read(report[0], &number, MemoryLayout<Int32>.size) } while count < 0 && errno == EINTR
        guard count == MemoryLayout<Int32>.size else { return child }
        waitpid(child, nil, 0)
        throw Failure(description: "exec: \"\(name)\": \(String(cString: strerror(number)).lowercased())")
    }

    /// Waits for the program, and kills it when the daemon is gone or the container has ended.
    private func wait(for child: pid_t, signals: Int32, container: Int32) -> String {
        var watched = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: Self.daemon, events: Int16(POLLIN), revents: 0),
            pollfd(fd: container, events: Int16(POLLIN), revents: 0),
        ]
        var buffer = [UInt8](repeating: 0, count: 128 * 8)
        while true {
            var status: Int32 = 0
            if waitpid(child, &status, WNOHANG) == child {
                switch ProcessExit(waitStatus: status) {
                case .code(let code): return "code \(code)"
                case .signal(let signal): return "signal \(signal)"
                }
            }
            guard poll(&watched, nfds_t(watched.count), -1) >= 0 || errno == EINTR else { return "signal 9" }
            while read(signals, &buffer, buffer.count) > 0 {}
            for place in 1...2 where watched[place].revents != 0 {
                kill(-child, SIGKILL)
                kill(child, SIGKILL)
                watched[place].fd = -1
            }
        }
    }

    // MARK: - Connections

    /// Connects to a port as a program inside the pod would, and hands the socket to the daemon.
    func connect(port: Int) -> Int32 {
        visit {
            let plan = try folder.plan()
            let processes = (folder.state()?.containers ?? []).compactMap { record -> ProcessIdentity? in
                if case .running(let process, _) = record.state { process } else { nil }
            }
            guard let process = processes.first else { throw Failure(description: "the pod does not run") }
            _ = try enter(plan, process)
            // On the machine's own network a pod listens on the loopback address that is its own.
            var hosts = ["127.0.0.1"]
            if case .host(let address) = plan.network { hosts = [address] }
            if case .isolated(let address) = plan.network { hosts.append(address) }
            var failure = ECONNREFUSED
            for host in hosts {
                let socket = try Self.connect(host, port)
                if socket.file >= 0 {
                    guard causeway_send_descriptor(Self.daemon, socket.file) == 1 else {
                        throw SystemError.last("hand over the connection")
                    }
                    return ""
                }
                failure = socket.error
            }
            return "dial tcp4 \(hosts[0]):\(port): connect: \(String(cString: strerror(failure)).lowercased())"
        }
    }

    private static func connect(_ host: String, _ port: Int) throws -> (file: Int32, error: Int32) {
        guard let address = IPv4Address(host) else { throw SystemError("read the address \(host)", code: EINVAL) }
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { throw SystemError.last("make a socket") }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        target.sin_addr.s_addr = address.number.bigEndian
        let result = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result != 0 else { return (file, 0) }
        let error = errno
        close(file)
        return (-1, error)
    }

    // MARK: -

    private func visit(_ body: () throws -> String) -> Int32 {
        _ = causeway_close_from(UInt32(Self.daemon) + 1)
        _ = fcntl(Self.daemon, F_SETFD, FD_CLOEXEC)
        let word: String
        do { word = try body() } catch { word = "\(error)" }
        try? PodFiles.writeAll(Array(word.utf8), to: Self.daemon, path: "the daemon's socket")
        return 0
    }
}
