/// The uids of objects that are known to be gone; bounded, oldest forgotten first. Uids never come back.
struct AbsentOwners: Sendable {
    private var uids: Set<String> = []
    private var order: [String] = []
    private let limit: Int

    /// - Parameter limit: how many are remembered; one that is forgotten costs a question to the cluster.
    init(limit: Int = 10_000) { self.limit = limit }

    mutating func insert(_ uid: String) {
        guard uids.insert(uid).inserted else { return }
        order.append(uid)
        guard order.count > limit else { return }
        for old in order.prefix(limit / 2) { uids.remove(old) }
        order.removeFirst(limit / 2)
    }

    func contains(_ uid: String) -> Bool { uids.contains(uid) }
}
