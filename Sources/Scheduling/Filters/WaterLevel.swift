/// How high the pods stand that a constraint counts: in the lowest domain that has room for one more, in pods for each unit of
/// its weight.
///
/// A domain may rise above the level by `maxSkew` for each unit of its weight. A full domain, and one whose edge takes no pods
/// now, does not hold the level down: so no pod waits for a constraint as long as some domain has room. With equal weights
/// and room everywhere this is what kube-scheduler does.
struct WaterLevel: Sendable {
    /// A topology domain as the level sees it.
    struct Domain: Sendable, Hashable {
        var pods: Int
        /// The greatest of its nodes' weights: a zone of three edges counts as one.
        var weight: Int
        /// Whether some node of the domain would take the pod if the constraint did not exist.
        var hasRoom: Bool

        /// Whether it stands lower than another.
        func isBelow(_ other: Domain) -> Bool { pods * other.weight < other.pods * weight }

        /// By how many pods of weight 1, rounded up, it stands above another; 0 where it does not.
        func height(above other: Domain) -> Int {
            let units = pods * other.weight - other.pods * weight
            let unit = weight * other.weight
            return units <= 0 ? 0 : (units + unit - 1) / unit
        }
    }

    private let lowest: Domain

    /// - Returns: `nil` where no domain has room.
    init?(_ domains: some Sequence<Domain>) {
        let lowest = domains.lazy.filter(\.hasRoom).reduce(nil as Domain?) { least, next in
            least.map { next.isBelow($0) ? next : $0 } ?? next
        }
        guard let lowest else { return nil }
        self.lowest = lowest
    }

    /// The level of nothing: for where there are too few domains.
    static let ground = WaterLevel(lowest: Domain(pods: 0, weight: 1, hasRoom: true))

    private init(lowest: Domain) { self.lowest = lowest }

    /// Whether a domain may have as many pods as it would have.
    func admits(_ domain: Domain, maxSkew: Int) -> Bool { domain.height(above: lowest) <= maxSkew }
}
