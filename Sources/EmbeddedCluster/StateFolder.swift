#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The folder that holds a cluster's state.
enum StateFolder {
    /// Makes the folder and those above it where they are missing, readable by their owner only.
    static func make(_ path: String) throws(StoreError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += made.isEmpty || made.hasSuffix("/") ? String(part) : "/" + part
            guard mkdir(made, 0o700) != 0, errno != EEXIST else { continue }
            throw StoreError(
                .inputOutput,
                "the state folder \(path) cannot be made (\(made): \(String(cString: strerror(errno)))): "
                    + "choose a folder that you may write to")
        }
    }

    /// Makes a file that only its owner may read, or takes the rights of others away from it.
    static func makePrivate(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(.inputOutput, "\(path) cannot be opened (\(String(cString: strerror(errno))))")
        }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else {
            throw StoreError(
                .inputOutput, "\(path) cannot be made private (\(String(cString: strerror(errno)))): is it yours?")
        }
    }

    /// The bytes of a small file; `nil` where there is none.
    static func read(_ path: String, limit: Int = 1 << 20) throws(StoreError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw StoreError(.inputOutput, "\(path) cannot be read (\(String(cString: strerror(errno))))")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count <= limit {
            let count = chunk.withUnsafeMutableBytes { Self.read(descriptor, $0) }
            guard count >= 0 else {
                throw StoreError(.inputOutput, "\(path) cannot be read (\(String(cString: strerror(errno))))")
            }
            if count == 0 { return bytes }
            bytes += chunk.prefix(count)
        }
        throw StoreError(.inputOutput, "\(path) is longer than the \(limit) bytes that are read")
    }

    private static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Musl)
            return Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
            return Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }
}
