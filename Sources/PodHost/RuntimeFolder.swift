import Glibc
import PodRecords

/// The folder of one cluster's process runtime: `pods/UID/…`, and `bridge` with the name of the cluster's bridge.
public struct RuntimeFolder: Sendable, Hashable {
    public let path: String

    /// - Parameter path: made if missing, and without links or relative parts from here on: names derive from it.
    public init(making path: String) throws(SystemError) {
        try PodFiles.makeFolders("\(path)/pods")
        self.init(path: path)
    }

    public init(path: String) {
        guard let real = realpath(path, nil) else {
            self.path = path
            return
        }
        self.path = String(cString: real)
        free(real)
    }

    public var pods: String { "\(path)/pods" }
    public func pod(_ uid: String) -> PodFolder { PodFolder(path: "\(pods)/\(uid)") }

    /// Notes the bridge, so that it can be removed by whoever has only the folder.
    public func note(bridge: String) throws(SystemError) {
        try PodFiles.replace("\(path)/bridge", with: Array(bridge.utf8))
    }

    /// Ends all pods at once, and removes the bridge and the folder: nothing of the runtime is left. Needs no daemon, and
    /// none may be at work.
    ///
    /// - Returns: the pods whose processes could not be killed; their folders stay.
    public func purge() -> [String] {
        var left: [String] = []
        for name in PodFiles.names(in: pods) {
            let folder = pod(name)
            if !name.hasPrefix("."), !folder.end(uid: name) {
                left.append(name)
            } else {
                PodFiles.removeAll(folder.path)
            }
        }
        guard left.isEmpty else { return left }
        if let bytes = try? PodFiles.read("\(path)/bridge", limit: 64), var routes = try? RouteSocket() {
            try? routes.removeLink(String(decoding: bytes, as: UTF8.self))
        }
        PodFiles.removeAll(path)
        return []
    }
}

extension PodFolder {
    /// Kills the pod's supervisor and whatever else is left of the pod, and removes its interface.
    ///
    /// - Returns: whether all of it is gone; what the kernel cannot kill yet stays after a few seconds.
    public func end(uid: String) -> Bool {
        let table = ProcessTable()
        for _ in 0..<200 {
            guard isSupervised else {
                // The kernel would remove it too, in its own time.
                if case .bridged(let attachment) = try? plan().network, var routes = try? RouteSocket() {
                    try? routes.removeLink(attachment.hostInterface)
                }
                return Leftovers.end(uid: uid, state: state())
            }
            if let supervisor = state()?.supervisor { table.kill(supervisor) }
            usleep(10_000)
        }
        return false
    }
}
