import CLinuxShims
import Glibc
import PodHost
import PodRecords

/// One try of a probe or a hook, made from inside the pod's own network.
struct ProbeAttempt {
    enum Outcome: Hashable {
        case succeeded
        /// Why, in the kubelet's words.
        case failed(String)
    }

    private enum Work {
        /// Connects; with a request it also sends that and reads the status line.
        case connection(Int32, request: [UInt8], answer: [UInt8], isSent: Bool)
        /// Runs a command; what it writes comes through a pipe.
        case process(pid_t, output: Int32, text: [UInt8])
        case done(Outcome)
    }

    /// The most of a command's output that is told.
    private static let longestOutput = 1024

    /// The monotonic time at which it has failed; `Int.max` for never.
    let deadline: Int
    private let plan: ProbePlan
    private var work: Work

    /// - Parameters:
    ///   - process: of the container, whose files a command is to see; `nil` where they are those of the pod.
    ///   - hasTimeout: whether the plan's `timeoutSeconds` counts.
    init(
        _ plan: ProbePlan, of container: ContainerPlan, process: pid_t?, hasTimeout: Bool = true, at now: Moment
    ) {
        deadline = hasTimeout ? now.monotonic + plan.timeoutSeconds * 1_000_000_000 : Int.max
        self.plan = plan
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
            work = Self.start(command, in: container, process: process)
        }
    }

    /// The file to wait for, if any; the process's end is a signal.
    var file: pollfd? {
        switch work {
        case .connection(let socket, let request, _, let isSent):
            return pollfd(fd: socket, events: Int16(isSent && !request.isEmpty ? POLLIN : POLLOUT), revents: 0)
        case .process(_, let output, _):
            return output >= 0 ? pollfd(fd: output, events: Int16(POLLIN), revents: 0) : nil
        case .done: return nil
        }
    }

    /// Goes as far as it can without waiting.
    ///
    /// - Returns: how the attempt ended, once that is known.
    mutating func advance(at now: Moment) -> Outcome? {
        if case .done(let outcome) = work { return outcome }
        if now.monotonic >= deadline { return finish(.failed(timeoutWords)) }
        listen()
        guard case .connection(let socket, let request, var answer, let isSent) = work else { return nil }
        if !isSent {
            var ready = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            guard poll(&ready, 1, 0) > 0 else { return nil }
            var failure: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &size) == 0, failure == 0 else {
                return finish(.failed(Self.refusal(plan.check, failure)))
            }
            if request.isEmpty { return finish(.succeeded) }
            guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
                return finish(.failed(Self.refusal(plan.check, errno)))
            }
        }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = recv(socket, &buffer, buffer.count, 0)
        let problem = errno
        if count > 0 { answer += buffer[..<count] }
        work = .connection(socket, request: request, answer: answer, isSent: true)
        // `HTTP/1.1 200`
        if answer.count >= 12 {
            let status = Int(String(decoding: answer[9..<12], as: UTF8.self)) ?? 0
            return finish(
                (200..<400).contains(status) ? .succeeded : .failed("HTTP probe failed with statuscode: \(status)"))
        }
        if count < 0, problem == EAGAIN { return nil }
        return finish(.failed("\(Self.subject(plan.check)): \(count == 0 ? "EOF" : Self.words(problem))"))
    }

    /// Takes what a command has written; beyond the limit it goes nowhere.
    private mutating func listen() {
        guard case .process(let pid, var output, var text) = work, output >= 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(output, &buffer, buffer.count)
            if count > 0 {
                text += buffer[..<min(count, Self.longestOutput - text.count)]
                continue
            }
            if count == 0 {
                close(output)
                output = -1
            }
            break
        }
        work = .process(pid, output: output, text: text)
    }

    mutating func reaped(_ pid: pid_t, _ exit: ProcessExit) {
        listen()
        guard case .process(pid, let output, let text) = work else { return }
        if output >= 0 { close(output) }
        switch exit {
        case .code(0): work = .done(.succeeded)
        case .code, .signal: work = .done(.failed(String(decoding: text, as: UTF8.self)))
        }
    }

    mutating func cancel() { _ = finish(.failed("cancelled")) }

    private mutating func finish(_ outcome: Outcome) -> Outcome {
        switch work {
        case .connection(let socket, _, _, _): close(socket)
        case .process(let pid, let output, _):
            kill(-pid, SIGKILL)
            if output >= 0 { close(output) }
        case .done: break
        }
        work = .done(outcome)
        return outcome
    }

    // MARK: - Words

    private var timeoutWords: String {
        switch plan.check {
        case .httpGet:
            "\(Self.subject(plan.check)): context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        case .tcpSocket: "\(Self.subject(plan.check)): i/o timeout"
        case .command(let command):
            "command timed out: \"\(command.joined(separator: " "))\" timed out after \(plan.timeoutSeconds)s"
        }
    }

    /// What was tried, as Go's errors begin.
    private static func subject(_ check: ProbePlan.Check) -> String {
        switch check {
        case .httpGet(let host, let port, let path, _):
            "Get \"http://\(host):\(port)\(path.hasPrefix("/") ? path : "/" + path)\""
        case .tcpSocket(let host, let port): "dial tcp \(host):\(port)"
        case .command(let command): command.joined(separator: " ")
        }
    }

    private static func refusal(_ check: ProbePlan.Check, _ code: Int32) -> String {
        switch check {
        case .httpGet(let host, let port, _, _):
            "\(subject(check)): dial tcp \(host):\(port): connect: \(words(code))"
        case .tcpSocket, .command: "\(subject(check)): connect: \(words(code))"
        }
    }

    private static func words(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }

    // MARK: - Work

    private static func connect(_ host: String, _ port: Int, request: [UInt8]) -> Work {
        guard let address = IPv4Address(host) else { return .done(.failed("\(host) is no address")) }
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let file = socket(AF_INET, kind, 0)
        guard file >= 0 else { return .done(.failed(words(errno))) }
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
            let code = errno
            close(file)
            return .done(.failed("dial tcp \(host):\(port): connect: \(words(code))"))
        }
        return .connection(file, request: request, answer: [], isSent: false)
    }

    private static func start(_ command: [String], in container: ContainerPlan, process: pid_t?) -> Work {
        var output: [Int32] = [-1, -1]
        guard causeway_pipe(&output) == 0 else { return .done(.failed(words(errno))) }
        let arguments = CStrings(command)
        let environment = CStrings(container.environment)
        defer {
            arguments.free()
            environment.free()
            close(output[1])
        }
        let child = causeway_fork()
        if child == 0 {
            setsid()
            _ = causeway_die_with_parent()
            _ = causeway_reset_signals()
            if let process {
                let handle = causeway_pidfd_open(process)
                if handle < 0 || causeway_enter_namespaces(handle, causeway_new_mount) != 0 { _exit(127) }
            }
            dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 0)
            dup2(output[1], 1)
            dup2(output[1], 2)
            _ = causeway_close_on_exec_from(3)
            let program = ContainerProcess.find(command.first ?? "", environment: container.environment)
            if let program, chdir(container.workingDirectory.isEmpty ? "/" : container.workingDirectory) == 0 {
                execve(program, arguments.pointers, environment.pointers)
            }
            let words = "exec: \"\(command.first ?? "")\": cannot be run"
            try? PodFiles.writeAll(Array(words.utf8), to: 2, path: "standard error")
            _exit(127)
        }
        guard child > 0 else {
            close(output[0])
            return .done(.failed(words(errno)))
        }
        _ = fcntl(output[0], F_SETFL, fcntl(output[0], F_GETFL) | O_NONBLOCK)
        return .process(child, output: output[0], text: [])
    }
}
