import Digests
import Glibc

/// Files that hold a secret: written in one step with mode 0600, and refused when others may read them.
///
/// All functions block on the file system; call them at start or from a thread that may wait.
public enum KeyFile {
    /// The longest file that is read, in bytes.
    public static let maximumLength = 64 * 1024

    /// Writes a secret. The file is there with mode 0600 and all its bytes, or as it was before.
    ///
    /// - Throws: ``TLSError/Code/io`` with the path and the system's reason.
    public static func write(_ bytes: [UInt8], to path: String) throws(TLSError) {
        try replace(path, with: bytes, mode: 0o600)
    }

    /// Reads a secret.
    ///
    /// - Throws: ``TLSError/Code/insecureKeyFile`` when the group or others have any right on the file;
    ///   ``TLSError/Code/io`` with the path and the system's reason.
    public static func read(_ path: String) throws(TLSError) -> [UInt8] {
        try read(path, limit: maximumLength, secret: true)
    }

    static func writePublic(_ bytes: [UInt8], to path: String) throws(TLSError) {
        try replace(path, with: bytes, mode: 0o644)
    }

    static func readPublic(_ path: String, limit: Int) throws(TLSError) -> [UInt8] {
        try read(path, limit: limit, secret: false)
    }

    private static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(TLSError) {
        let suffix: String
        do { suffix = Hex.encode(try RandomBytes.generate(count: 8)) } catch {
            throw TLSError(.internal, error.description)
        }
        let temporary = "\(path).\(suffix)"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw failure("create", temporary) }
        do throws(TLSError) {
            // The umask may have taken rights away.
            guard fchmod(file, mode) == 0 else { throw failure("set the mode of", temporary) }
            try writeAll(bytes, to: file, temporary)
            guard fsync(file) == 0 else { throw failure("flush", temporary) }
        } catch {
            _ = close(file)
            _ = unlink(temporary)
            throw error
        }
        guard close(file) == 0, rename(temporary, path) == 0 else {
            let error = failure("replace", path)
            _ = unlink(temporary)
            throw error
        }
        try flushDirectory(of: path)
    }

    private static func writeAll(_ bytes: [UInt8], to file: Int32, _ path: String) throws(TLSError) {
        var offset = 0
        while offset < bytes.count {
            let written = bytes[offset...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure("write", path) }
            offset += written
        }
    }

    /// Makes the new name survive a loss of power.
    private static func flushDirectory(of path: String) throws(TLSError) {
        let directory =
            path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", directory) }
        defer { _ = close(file) }
        guard fsync(file) == 0 else { throw failure("flush", directory) }
    }

    private static func read(_ path: String, limit: Int, secret: Bool) throws(TLSError) -> [UInt8] {
        // Without O_NONBLOCK a named pipe in the place of the file would hang the program.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw failure("open", path) }
        defer { _ = close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure("examine", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw TLSError(.io, "\(path) is not a regular file") }
        guard !secret || status.st_mode & 0o077 == 0 else {
            throw TLSError(
                .insecureKeyFile, "\(path) holds a private key and others may access it; run: chmod 600 \(path)")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count <= limit {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path) }
            guard count > 0 else { return bytes }
            bytes += chunk.prefix(count)
        }
        throw TLSError(.io, "\(path) is longer than the \(limit) bytes that are read")
    }

    private static func failure(_ operation: String, _ path: String) -> TLSError {
        TLSError(.io, "could not \(operation) \(path)", cause: String(cString: strerror(errno)))
    }
}
