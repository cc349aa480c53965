/// Something that is wrong with a cluster, and what to do about it.
struct StatusProblem: Sendable, Hashable {
    /// What it concerns, such as `peer europe-rome-edge`.
    let subject: String
    let message: String
    /// What to do next: a sentence's second half, such as `run '…'`.
    let remedy: String

    var text: String { "\(subject): \(message); \(remedy)" }
}
