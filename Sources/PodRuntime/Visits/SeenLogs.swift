import Synchronization

/// How much of its containers' logs has been read, for clients that show the log before they attach.
final class SeenLogs: Sendable {
    private let seen = Mutex<[String: (run: Int, bytes: Int)]>([:])

    func note(_ container: String, run: Int, bytes: Int) {
        seen.withLock { seen in
            if let last = seen[container], (last.run, last.bytes) >= (run, bytes) { return }
            seen[container] = (run, bytes)
        }
    }

    /// The bytes of this run's log that somebody has read to the end.
    func bytes(_ container: String, run: Int) -> Int {
        seen.withLock { seen in
            guard let last = seen[container], last.run == run else { return 0 }
            return last.bytes
        }
    }
}
