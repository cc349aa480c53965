import Glibc

/// The image table's file, read again when it has changed.
struct ImageTableFile: Sendable {
    private struct Version: Sendable, Equatable {
        var inode: UInt
        var size: Int
        var seconds: Int
        var nanoseconds: Int
    }

    let path: String
    private(set) var table: ImageTable
    private var version: Version?

    /// - Throws: `PodRuntimeError` (`configuration`): at the start a wrong table is an error.
    init(path: String) throws(PodRuntimeError) {
        self.path = path
        version = Self.version(path)
        table = try ImageTable(contentsOf: path)
    }

    /// Reads the file if it has changed. A table that is wrong now is not taken: the old one stays.
    ///
    /// - Returns: what is wrong.
    mutating func reload() -> PodRuntimeError? {
        let now = Self.version(path)
        guard now != version else { return nil }
        version = now
        do throws(PodRuntimeError) {
            table = try ImageTable(contentsOf: path)
            return nil
        } catch {
            return error
        }
    }

    private static func version(_ path: String) -> Version? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Version(
            inode: UInt(status.st_ino), size: Int(status.st_size), seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec)
    }
}
