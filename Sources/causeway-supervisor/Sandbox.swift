import CLinuxShims
import Glibc
import PodHost
import PodRecords

/// What the supervisor and the pod's containers live in: the namespaces, and the host as seen from inside.
struct Sandbox {
    /// Processes by the host's numbers.
    let processes: ProcessTable
    /// The host's `/proc`, to learn the host's number of a process.
    let hostProcesses: Int32
    /// Whether this process is the first of a process namespace: then signals to all reach the pod only.
    let isFirstProcess: Bool

    init(_ plan: PodPlan, network: PodNetwork) throws {
        hostProcesses = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard hostProcesses >= 0 else { throw SystemError.last("open /proc") }
        processes = ProcessTable(root: hostProcesses)
        isFirstProcess = getpid() == 1 && plan.isolation != .none
        if plan.isolation != .none {
            let own = causeway_new_mount | causeway_new_uts | causeway_new_ipc
            guard causeway_unshare(own | (network.isOwnNamespace ? causeway_new_net : 0)) == 0 else {
                throw SystemError.last("make the pod's namespaces")
            }
            _ = sethostname(plan.hostname, plan.hostname.utf8.count)
            // Without a /proc of its own the pod still works; tools that list processes then show the host's.
            if causeway_make_mounts_private() == 0 { _ = causeway_mount_proc() }
        } else {
            guard causeway_become_subreaper() == 0 else { throw SystemError.last("become a subreaper") }
        }
        try network.setUp()
    }

    /// The host's number of the calling process.
    static func hostNumber(in hostProcesses: Int32) -> Int {
        var buffer = [CChar](repeating: 0, count: 32)
        let count = readlinkat(hostProcesses, "self", &buffer, buffer.count - 1)
        guard count > 0 else { return Int(getpid()) }
        return Int(String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)) ?? Int(getpid())
    }

    /// Kills every process of the pod but this one.
    func killAll() {
        if isFirstProcess {
            kill(-1, SIGKILL)
        } else {
            for pid in ProcessTable().descendants(of: Int(getpid())) { kill(pid_t(pid), SIGKILL) }
        }
    }
}
