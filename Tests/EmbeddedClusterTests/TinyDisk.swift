import FoundationEssentials
import Glibc

/// A file system in memory of a few megabytes, for tests of full and read-only disks. Needs the right to mount.
final class TinyDisk {
    struct NotMounted: Error { let code: Int32 }

    let path: String
    private let folder: TemporaryFolder

    /// Whether this process may mount at all; such tests are skipped where it may not.
    static let isPossible: Bool = (try? TinyDisk(size: 1 << 20)) != nil

    /// - Parameter size: in bytes.
    init(size: Int) throws {
        folder = try TemporaryFolder()
        path = folder.path + "/disk"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(size)") == 0 else { throw NotMounted(code: errno) }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    func makeReadOnly() throws {
        let flags = UInt(MS_REMOUNT | MS_RDONLY)
        guard mount(nil, path, nil, flags, nil) == 0 else { throw NotMounted(code: errno) }
    }

    /// Takes all the room that is left but for some bytes.
    func fill(leaving rest: Int) throws {
        let descriptor = open(path + "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        var status = statvfs()
        statvfs(path, &status)
        let free = Int(status.f_bavail) * Int(status.f_bsize)
        guard posix_fallocate(descriptor, 0, off_t(max(4096, free - rest))) == 0 else { throw NotMounted(code: errno) }
    }

    func makeRoom() { unlink(path + "/filler") }
}
