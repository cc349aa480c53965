/// How long the pages of a list may take: versions older than this are not shown any more.
///
/// Watches may resume for as long as history is kept; a list as of an earlier version is put together anew for every page,
/// which costs the more the older it is. So clients that dawdle get 410 and a token that goes on with what is newest, as
/// from a real API server after its compaction.
struct ListWindow: Sendable {
    /// Revisions with the times at which they were the newest, oldest first.
    private var marks: [(time: ContinuousClock.Instant, revision: Int)] = []
    /// Versions before this one are refused.
    private(set) var oldest = 0
    private let length: Duration
    /// The window moves in steps, so that a handful of marks is enough.
    private let step: Duration

    /// - Parameter length: how long a version can be listed once it is not the newest; one tenth longer at most.
    init(length: Duration) {
        self.length = length
        self.step = length / 10
    }

    /// Moves the window on.
    ///
    /// - Parameter revision: the newest now.
    mutating func tick(_ now: ContinuousClock.Instant, revision: Int) {
        if let last = marks.last, now < last.time + step { return }
        marks.append((now, revision))
        while let first = marks.first, now >= first.time + length {
            oldest = max(oldest, first.revision)
            marks.removeFirst()
        }
    }
}
