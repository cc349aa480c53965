/// How many domains have how many pods, so that the fewest are known without looking at the domains.
struct CountHistogram: Sendable {
    /// Domains by their number of pods.
    private var domains: [Int] = [0]
    private(set) var total = 0
    /// The fewest pods a domain has; 0 without domains.
    private(set) var least = 0

    mutating func add(_ count: Int) {
        while domains.count <= count { domains.append(0) }
        domains[count] += 1
        least = total == 0 ? count : min(least, count)
        total += 1
    }

    mutating func remove(_ count: Int) {
        domains[count] -= 1
        total -= 1
        guard total > 0 else {
            least = 0
            return
        }
        while domains[least] == 0 { least += 1 }
    }

    /// A domain went from one number of pods to another.
    mutating func move(from old: Int, to new: Int) {
        add(new)
        remove(old)
    }
}
