import Glibc

/// Reads the small files that a kubeconfig names.
enum BoundedFile {
    struct Failure: Error {
        /// The system's error number; nil when the file is too large.
        let number: Int32?
        let problem: String

        var isMissing: Bool { number == ENOENT || number == ENOTDIR }
    }

    /// The bytes of a file of at most `limit` bytes.
    static func read(_ path: String, limit: Int = 4 * 1024 * 1024) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure() }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else {
                throw Failure(number: nil, problem: "it is larger than \(limit) bytes")
            }
            bytes += chunk[..<count]
        }
    }

    private static func failure() -> Failure {
        let number = errno
        return Failure(number: number, problem: String(cString: strerror(number)))
    }
}
