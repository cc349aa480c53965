#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Holds a state folder for this process alone.
///
/// The lock is the kernel's (`flock`), so it goes with the process however that ends.
public final class StateFolderLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `StoreError` with code `locked` where another process, or another store of this one, has the folder.
    public init(path: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(
                .inputOutput,
                "\(path) cannot be opened (\(String(cString: strerror(errno)))): check that the folder exists and is yours"
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StoreError(
                .locked,
                "another process uses the state folder (it holds \(path)): stop that one, or choose another folder")
        }
        self.descriptor = descriptor
    }

    deinit {
        // A program that is being started at this moment has a copy of the descriptor until its own code begins, so
        // closing ours alone would not let go of the folder yet.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
