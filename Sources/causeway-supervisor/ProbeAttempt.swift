import CLinuxShims
import Glibc
import PodHost
import PodRecords

/// One try of a probe, made from inside the pod's own network.
struct ProbeAttempt {
    private enum Work {
        /// Connects; with a request it also sends that and reads the status line.
        case connection(Int32, request: [UInt8], answer: [UInt8], isSent: Bool)
        case process(pid_t)
        case done(Bool)
    }

    /// The monotonic time at which it has failed.
    let deadline: Int
    private var work: Work

    init(_ plan: ProbePlan, of container: ContainerPlan, at now: Moment) {
        deadline = now.monotonic + plan.timeoutSeconds * 1_000_000_000
        switch plan.check {
        case .tcpSocket(let host, let port):
            work = Self.connect(host, port, request: [])
        case .httpGet(let host, let port, let path, let headers):
            let names = headers.map { $0.split(separator: ":").first?.lowercased() ?? "" }
            var lines = ["GET \(path.hasPrefix("/") ? path : "/" + path) HTTP/1.1"]
            if !names.contains("host") { lines.append("Host: \(host):\(port)") }
            if !names.contains("user-agent") { lines.append("User-Agent: kube-probe/1.36") }
            if !names.contains("accept") { lines.append("Accept: */*") }
            lines += headers + ["Connection: close", "", ""]
            work = Self.connect(host, port, request: Array(lines.joined(separator: "\r\n").utf8))
        case .command(let command):
            work = Self.start(command, in: container)
        }
    }

    /// The file to wait for, if any; the process's end is a signal.
    var file: pollfd? {
        guard case .connection(let socket, let request, _, let isSent) = work else { return nil }
        let isReading = isSent && !request.isEmpty
        return pollfd(fd: socket, events: Int16(isReading ? POLLIN : POLLOUT), revents: 0)
    }

    /// Goes as far as it can without waiting.
    ///
    /// - Returns: whether the probe succeeded, once that is known.
    mutating func advance(at now: Moment) -> Bool? {
        if case .done(let isSuccess) = work { return isSuccess }
        if now.monotonic >= deadline {
            cancel()
            return false
        }
        guard case .connection(let socket, let request, var answer, let isSent) = work else { return nil }
        if !isSent {
            var ready = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            guard poll(&ready, 1, 0) > 0 else { return nil }
            var failure: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &size) == 0, failure == 0 else {
                return finish(false)
            }
            if request.isEmpty { return finish(true) }
            guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
                return finish(false)
            }
        }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = recv(socket, &buffer, buffer.count, 0)
        if count > 0 { answer += buffer[..<count] }
        work = .connection(socket, request: request, answer: answer, isSent: true)
        // `HTTP/1.1 200`
        if answer.count >= 12 {
            let status = Int(String(decoding: answer[9..<12], as: UTF8.self)) ?? 0
            return finish((200..<400).contains(status))
        }
        return count < 0 && errno == EAGAIN ? nil : finish(false)
    }

    mutating func reaped(_ pid: pid_t, _ exit: ProcessExit) {
        if case .process(pid) = work { work = .done(exit == .code(0)) }
    }

    mutating func cancel() {
        switch work {
        case .connection(let socket, _, _, _): close(socket)
        case .process(let pid): kill(-pid, SIGKILL)
        case .done: break
        }
        work = .done(false)
    }

    private mutating func finish(_ isSuccess: Bool) -> Bool {
        cancel()
        return isSuccess
    }

    private static func connect(_ host: String, _ port: Int, request: [UInt8]) -> Work {
        guard let address = IPv4Address(host) else { return .done(false) }
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let file = socket(AF_INET, kind, 0)
        guard file >= 0 else { return .done(false) }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        target.sin_addr.s_addr = address.number.bigEndian
        let result = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 || errno == EINPROGRESS else {
            close(file)
            return .done(false)
        }
        return .connection(file, request: request, answer: [], isSent: false)
    }

    private static func start(_ command: [String], in container: ContainerPlan) -> Work {
        guard let program = ContainerProcess.find(command.first ?? "", environment: container.environment) else {
            return .done(false)
        }
        let arguments = CStrings(command)
        let environment = CStrings(container.environment)
        defer {
            arguments.free()
            environment.free()
        }
        let child = causeway_fork()
        if child == 0 {
            setsid()
            _ = causeway_die_with_parent()
            _ = causeway_reset_signals()
            let null = open("/dev/null", O_RDWR | O_CLOEXEC)
            for file in 0...2 { dup2(null, Int32(file)) }
            _ = causeway_close_on_exec_from(3)
            if chdir(container.workingDirectory.isEmpty ? "/" : container.workingDirectory) == 0 {
                execve(program, arguments.pointers, environment.pointers)
            }
            _exit(127)
        }
        return child > 0 ? .process(child) : .done(false)
    }
}
