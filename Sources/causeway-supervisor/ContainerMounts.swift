import CLinuxShims
import Glibc
import PodHost
import PodRecords

/// Gives the calling process a mount namespace of its own with what a container's plan mounts.
struct ContainerMounts {
    let mounts: [MountPlan]
    /// The folders that are made ready once for the whole pod.
    let points: MountPoints

    /// Runs in the container's process, before its program.
    func enter() throws(SystemError) {
        guard !mounts.isEmpty else { return }
        guard causeway_unshare(causeway_new_mount) == 0, causeway_make_mounts_private() == 0 else {
            throw .last("make the container's mount namespace")
        }
        // All sources first: a target may cover the folder in which another source lies.
        var trees: [(mount: MountPlan, tree: Int32)] = []
        for mount in mounts.sorted(by: { $0.target < $1.target }) { trees.append((mount, try Self.open(mount))) }
        var points = points
        for (mount, tree) in trees {
            defer { close(tree) }
            var status = stat()
            guard fstat(tree, &status) == 0 else { throw .last("look at \(mount.source)") }
            let target = try points.make(mount.target, isFolder: status.st_mode & S_IFMT == S_IFDIR)
            guard causeway_attach_tree(tree, target) == 0 else { throw .last("mount \(mount.target)") }
            if !mount.isReadOnly { points.add(own: target) }
        }
    }

    private static func open(_ mount: MountPlan) throws(SystemError) -> Int32 {
        if access(mount.source, F_OK) != 0, errno == ENOENT { try PodFiles.makeFolders(mount.source, mode: 0o755) }
        let tree = causeway_open_tree(AT_FDCWD, mount.source, 1)
        guard tree >= 0 else { throw .last("open \(mount.source)") }
        guard !mount.isReadOnly || causeway_make_tree_read_only(tree) == 0 else {
            throw .last("make \(mount.target) read-only")
        }
        return tree
    }
}
