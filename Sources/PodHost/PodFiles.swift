public import Glibc

/// Small files, read whole and replaced whole.
public enum PodFiles {
    /// - Throws: `SystemError`; `EFBIG` beyond the limit.
    public static func read(_ path: String, limit: Int = 4 << 20) throws(SystemError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .last("open \(path)") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("read \(path)")
            }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { throw SystemError("read \(path)", code: EFBIG) }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    /// Replaces the file by renaming a new one over it: a reader sees the old or the new content, never a part.
    ///
    /// - Parameter durably: also survives a power failure right after; costs a few milliseconds.
    public static func replace(
        _ path: String, with bytes: [UInt8], mode: mode_t = 0o600, durably: Bool = false
    ) throws(SystemError) {
        let temporary = path + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw .last("create \(temporary)") }
        do {
            defer { close(file) }
            try writeAll(bytes, to: file, path: temporary)
            if durably, fdatasync(file) != 0 { throw SystemError.last("sync \(temporary)") }
        } catch {
            unlink(temporary)
            throw error as? SystemError ?? SystemError("write \(temporary)", code: EIO)
        }
        guard rename(temporary, path) == 0 else { throw .last("rename \(temporary)") }
    }

    public static func writeAll(_ bytes: [UInt8], to file: Int32, path: String) throws(SystemError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("write \(path)")
            }
            offset += count
        }
    }

    /// Makes the folder and those above it; one that is there already is fine.
    public static func makeFolders(_ path: String, mode: mode_t = 0o700) throws(SystemError) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw .last("mkdir \(path)")
        }
        try makeFolders(String(path[..<slash]), mode: mode)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw .last("mkdir \(path)") }
    }

    /// The names in a folder, without `.` and `..`; none where there is no such folder.
    public static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file or a folder with all it holds, without following links. What is gone already is fine.
    public static func removeAll(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in names(in: path) { removeAll("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
