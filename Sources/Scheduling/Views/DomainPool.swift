/// The domains of a topology that has many of them, with the groups of nodes in each: what a pod makes of a domain hangs on the
/// number of its pods alone, so domains with equally many are pooled.
struct DomainPool: Sendable {
    /// Fewer domains are looked at one by one.
    static let leastDomains = 16

    /// By domain, as the families know it.
    private var pods: [Int] = []
    /// By domain.
    private var groups: [[Int]] = []

    /// - Returns: `nil` where the topology has few domains, or the pod counts the domains themselves.
    init?(_ input: TopologyInput, _ counts: DomainCounts) {
        if case .spread = input.role { return nil }
        guard counts.domainNumbers >= Self.leastDomains else { return nil }
        pods = (0..<counts.domainNumbers).map { counts.pods(inDomain: $0) }
        groups = Array(repeating: [], count: counts.domainNumbers)
    }

    mutating func add(_ group: Int, _ slot: TopologySlot) {
        guard slot.isShared else { return }
        makeRoom(slot.domain)
        groups[slot.domain].append(group)
    }

    mutating func remove(_ group: Int, _ slot: TopologySlot) {
        guard slot.isShared, groups.indices.contains(slot.domain) else { return }
        groups[slot.domain].removeAll { $0 == group }
    }

    /// - Returns: the groups that are worth something else now, as the domain has more or fewer pods than it had.
    mutating func changed(_ domain: Int, _ counts: DomainCounts) -> [Int] {
        makeRoom(domain)
        let now = counts.pods(inDomain: domain)
        guard pods[domain] != now else { return [] }
        pods[domain] = now
        return groups[domain]
    }

    private mutating func makeRoom(_ domain: Int) {
        while pods.count <= domain {
            pods.append(0)
            groups.append([])
        }
    }
}
