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
    /// The machine's `/dev`: what covers it in the pod's mount namespace makes no terminals.
    let devices: Int32
    /// Whether this process is the first of a process namespace: then signals to all reach the pod only.
    let isFirstProcess: Bool
    /// The places for mounts that all containers share; `nil` without a mount namespace.
    let points: MountPoints?

    init(_ plan: PodPlan, folder: PodFolder, network: PodNetwork) throws {
        hostProcesses = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard hostProcesses >= 0 else { throw SystemError.last("open /proc") }
        processes = ProcessTable(root: hostProcesses)
        devices = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard devices >= 0 else { throw SystemError.last("open /dev") }
        isFirstProcess = getpid() == 1 && plan.isolation != .none
        if plan.isolation != .none {
            let own = causeway_new_mount | causeway_new_uts | causeway_new_ipc
            guard causeway_unshare(own | (network.isOwnNamespace ? causeway_new_net : 0)) == 0 else {
                throw SystemError.last("make the pod's namespaces")
            }
            _ = sethostname(plan.hostname, plan.hostname.utf8.count)
            // Without a /proc of its own the pod still works; tools that list processes then show the host's.
            if causeway_make_mounts_private() == 0 { _ = causeway_mount_proc() }
            points = try Self.mountVolumes(plan, folder)
        } else {
            points = nil
            guard causeway_become_subreaper() == 0 else { throw SystemError.last("become a subreaper") }
        }
        try network.setUp()
    }

    /// Mounts the volumes in memory, and makes the places that every container needs.
    private static func mountVolumes(_ plan: PodPlan, _ folder: PodFolder) throws -> MountPoints {
        for volume in plan.memoryVolumes {
            try PodFiles.makeFolders(volume.path, mode: 0o777)
            let size = volume.limit.map { ",size=\($0)" } ?? ""
            guard causeway_mount_memory(volume.path, "mode=1777\(size)") == 0 else {
                throw SystemError.last("mount the memory volume \(volume.path)")
            }
        }
        var points = MountPoints(scratch: folder.mountScratch)
        try PodFiles.makeFolders(points.scratch)
        for path in Set(plan.containers.compactMap(\.terminationMessage?.path)).sorted() where path.hasPrefix("/dev/") {
            // Where that cannot be had, containers go without last words.
            _ = try? points.make(path, isFolder: false)
        }
        return points
    }

    /// What a container sees differently from the machine.
    func mounts(of container: ContainerPlan, in folder: PodFolder) -> ContainerMounts? {
        guard let points else { return nil }
        var mounts = container.mounts
        if let message = container.terminationMessage {
            mounts.append(
                MountPlan(source: folder.terminationMessage(container: container.name), target: message.path))
        }
        return ContainerMounts(mounts: mounts, points: points)
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
