import CLinuxShims
import Glibc
import PodHost

/// Makes places to mount things on where the machine has none, without touching the machine's own folders.
///
/// A folder that lacks the place is covered by one in memory that shows all that was there before: what exists stays the
/// machine's, what is added is this mount namespace's. Only for a namespace of one's own, in a process with one thread.
struct MountPoints {
    /// An empty folder that a new root may be put together on.
    let scratch: String
    /// Folders whose contents are not the machine's: new entries may be made there.
    private var own: Set<String> = []

    init(scratch: String) { self.scratch = scratch }

    /// Notes that something writable of the pod's own is mounted at a path.
    mutating func add(own path: String) { own.insert(path) }

    /// Makes sure that a file or folder is at the path.
    ///
    /// - Returns: the path with links followed.
    mutating func make(_ path: String, isFolder: Bool) throws(SystemError) -> String {
        var status = stat()
        if stat(path, &status) == 0 {
            guard (status.st_mode & S_IFMT == S_IFDIR) == isFolder else {
                throw SystemError("mount on \(path)", code: isFolder ? ENOTDIR : EISDIR)
            }
            return try Self.resolved(path)
        }
        var missing: [Substring] = []
        var rest = path[...]
        var parent = "/"
        while true {
            while rest.last == "/" { rest = rest.dropLast() }
            guard let slash = rest.lastIndex(of: "/") else { break }
            missing.append(rest[rest.index(after: slash)...])
            rest = rest[..<slash]
            let candidate = rest.isEmpty ? "/" : String(rest)
            if stat(candidate, &status) == 0 {
                parent = try Self.resolved(candidate)
                break
            }
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw SystemError("make \(path)", code: ENOTDIR) }
        if !own.contains(parent) { try cover(parent, mode: status.st_mode & 0o7777) }
        for (place, name) in missing.reversed().enumerated() {
            parent += parent == "/" ? String(name) : "/\(name)"
            if place < missing.count - 1 || isFolder {
                guard mkdir(parent, 0o755) == 0 else { throw .last("mkdir \(parent)") }
                own.insert(parent)
            } else {
                try Self.makeFile(parent)
            }
        }
        return parent
    }

    static func resolved(_ path: String) throws(SystemError) -> String {
        guard let real = realpath(path, nil) else { throw .last("follow \(path)") }
        defer { free(real) }
        return String(cString: real)
    }

    static func makeFile(_ path: String) throws(SystemError) {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw .last("create \(path)") }
        close(file)
    }

    /// Covers a folder by one in memory with the same contents.
    private mutating func cover(_ path: String, mode: mode_t) throws(SystemError) {
        let below = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard below >= 0 else { throw .last("open \(path)") }
        defer { close(below) }
        let names = PodFiles.names(in: path)
        let isRoot = path == "/"
        let place = isRoot ? scratch : path
        guard causeway_mount_memory(place, "mode=\(String(mode, radix: 8))") == 0 else {
            throw .last("cover \(path)")
        }
        // The new root lies in the old one: copies of the old one's folders must not hold it.
        if isRoot { _ = causeway_make_unbindable(place) }
        for name in names { try show(name, of: below, in: place) }
        own.insert(path)
        guard isRoot else { return }
        guard causeway_change_root(place) == 0 else { throw .last("change the root") }
    }

    private func show(_ name: String, of folder: Int32, in place: String) throws(SystemError) {
        let path = "\(place)/\(name)"
        var status = stat()
        // Gone meanwhile, or hidden from this process: nothing to show.
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
        // The device finds its terminals only from a `ptmx` beside `pts` that is no mount.
        if path == "/dev/ptmx", status.st_mode & S_IFMT == S_IFCHR, symlink("pts/ptmx", path) == 0 { return }
        switch status.st_mode & S_IFMT {
        case S_IFLNK:
            var target = [CChar](repeating: 0, count: 4097)
            guard readlinkat(folder, name, &target, 4096) >= 0, symlink(target, path) == 0 else { return }
            return
        case S_IFDIR: guard mkdir(path, 0o755) == 0 else { throw .last("mkdir \(path)") }
        default: try Self.makeFile(path)
        }
        let tree = causeway_open_tree(folder, name, 0)
        guard tree >= 0 else {
            if errno == ENOENT { return }
            throw .last("copy the mount of \(name)")
        }
        defer { close(tree) }
        guard causeway_attach_tree(tree, path) == 0 else { throw .last("mount \(path)") }
    }
}
