#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The first hundred bytes of a SQLite file, read without SQLite, so that a file that is not ours is never touched.
enum DatabaseHeader {
    private static let length = 100
    private static let magic = Array("SQLite format 3\u{0}".utf8)

    /// - Returns: whether the file is new: missing or empty.
    /// - Throws: `StoreError` with code `foreign`, `newer` or `corrupt`.
    static func check(path: String, applicationID: Int, version: Int) throws(StoreError) -> Bool {
        guard let bytes = try start(of: path) else { return true }
        guard !bytes.isEmpty else {
            // A new file gets its header before its log: opened like this, SQLite would throw the log away.
            guard try start(of: path + "-wal")?.isEmpty ?? true else {
                throw StoreError(
                    .corrupt,
                    "\(path) is empty and \(path)-wal is not: nothing was changed; restore both from a backup, or remove "
                        + "both to begin with an empty cluster")
            }
            return true
        }
        guard bytes.count == length, bytes.starts(with: magic) else {
            throw StoreError(
                .foreign,
                "\(path) is no database of this program: nothing was changed; move it away or choose another folder")
        }
        // Offsets 60 and 68 of the header: user version and application id (sqlite.org/fileformat2.html, 1.3).
        let found = number(bytes, at: 60)
        guard number(bytes, at: 68) == applicationID else {
            throw StoreError(
                .foreign,
                "\(path) is another program's SQLite database: nothing was changed; move it away or choose another folder"
            )
        }
        guard found <= version else {
            throw StoreError(
                .newer,
                "\(path) was written by a later version (format \(found), this program knows \(version)): nothing was "
                    + "changed; run that version")
        }
        return false
    }

    private static func start(of path: String) throws(StoreError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw StoreError(.inputOutput, "\(path) cannot be read (\(String(cString: strerror(errno))))")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: length)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else {
            throw StoreError(.inputOutput, "\(path) cannot be read (\(String(cString: strerror(errno))))")
        }
        return Array(bytes.prefix(count))
    }

    private static func number(_ bytes: [UInt8], at place: Int) -> Int {
        bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
    }
}
