import CLinuxShims
import Glibc
import PodHost
import PodRecords

/// The first process: takes the pod's lock, makes the supervisor in its namespaces, waits for its word and ends.
struct Launcher {
    private let folder: PodFolder

    init(folder: String) { self.folder = PodFolder(path: folder) }

    /// - Returns: the exit status. In the supervisor's process it does not return.
    func run() -> Int32 {
        do {
            return try launch()
        } catch {
            complain("\(error)")
            return 1
        }
    }

    private func complain(_ message: String) {
        try? PodFiles.writeAll(Array("causeway-supervisor: \(message)\n".utf8), to: 2, path: "standard error")
    }

    private func launch() throws -> Int32 {
        // Sockets and files of whoever started this are none of the pod's business.
        _ = causeway_close_from(3)
        let plan = try folder.plan()
        guard let lock = try folder.lock() else {
            complain("the pod in \(folder.path) has a supervisor already")
            return 3
        }
        let previous = folder.state()
        if previous?.phase == .finished { return 0 }
        guard Leftovers.end(uid: plan.uid, state: previous) else {
            complain("processes of the pod's earlier supervisor cannot be killed; try again later")
            return 4
        }
        let network = try PodNetwork(plan.network)
        var report: [Int32] = [-1, -1]
        guard causeway_pipe(&report) == 0 else { throw SystemError.last("make a pipe") }
        try isolate(plan.isolation)
        let child = causeway_fork()
        guard child >= 0 else { throw SystemError.last("fork the supervisor") }
        if child == 0 {
            close(report[0])
            supervise(plan, previous: previous, network: network, report: report[1])
        }
        close(report[1])
        close(lock)
        return wait(for: report[0])
    }

    /// The supervisor says `ok`, or why not, and closes the pipe; it also closes when the supervisor dies.
    private func wait(for report: Int32) -> Int32 {
        var word: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = read(report, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            word.append(contentsOf: buffer[..<count])
        }
        let text = String(decoding: word, as: UTF8.self)
        if text == "ok" { return 0 }
        complain(text.isEmpty ? "the supervisor died while it set up the pod" : text)
        return 1
    }

    /// Enters the namespaces that have to be entered before the fork.
    private func isolate(_ isolation: Isolation) throws {
        switch isolation {
        case .privileged:
            guard causeway_unshare(causeway_new_pid) == 0 else { throw SystemError.last("make a process namespace") }
        case .userNamespace:
            let user = getuid()
            let group = getgid()
            guard causeway_unshare(causeway_new_user | causeway_new_pid) == 0 else {
                throw SystemError.last("make a user namespace")
            }
            // Required by the kernel before an ordinary user may map groups.
            try write("deny", to: "/proc/self/setgroups")
            try write("0 \(user) 1", to: "/proc/self/uid_map")
            try write("0 \(group) 1", to: "/proc/self/gid_map")
        case .none:
            break
        }
    }

    private func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError.last("open \(path)") }
        defer { close(file) }
        try PodFiles.writeAll(Array(text.utf8), to: file, path: path)
    }

    private func supervise(_ plan: PodPlan, previous: PodState?, network: PodNetwork, report: Int32) -> Never {
        setsid()
        umask(0o022)
        _ = chdir("/")
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        let complaints = open("\(folder.path)/supervisor.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        dup2(null, 0)
        dup2(complaints >= 0 ? complaints : null, 1)
        dup2(complaints >= 0 ? complaints : null, 2)
        do {
            let sandbox = try Sandbox(plan, folder: folder, network: network)
            var supervisor = try Supervisor(folder: folder, plan: plan, previous: previous, sandbox: sandbox)
            supervisor.begin()
            try PodFiles.writeAll(Array("ok".utf8), to: report, path: "the report")
            close(report)
            supervisor.run()
        } catch {
            complain("\(error)")
            try? PodFiles.writeAll(Array("\(error)".utf8), to: report, path: "the report")
            exit(1)
        }
    }
}
