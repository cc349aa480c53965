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
}
