/// How a scheduler loop behaves; the defaults suit every cluster.
public struct SchedulerConfiguration: Sendable {
    /// Pods of these `spec.schedulerName`s are taken care of; a pod without one counts as `default-scheduler`.
    public var schedulerNames: Set<String>
    /// Settles ties, so that a run can be repeated.
    public var seed: UInt64
    /// How long after its first failure a pod waits for its next try, if something happened that may help it; doubles with each
    /// failure. Shorter than kube-scheduler's second, because an edge that leaves must not hold its pods up.
    public var firstBackOff: Duration
    /// Where the doubling ends; as kube-scheduler's.
    public var longestBackOff: Duration
    /// A pod that nothing seems to help is tried again after this long in any case: no change can be missed for good.
    public var longestWait: Duration
    /// Bindings under way at once: enough to keep an API server busy, few enough not to swamp it.
    public var bindingsAtOnce: Int

    public init(
        schedulerNames: Set<String> = [Self.defaultName, "causeway-scheduler"], seed: UInt64 = 0,
        firstBackOff: Duration = .milliseconds(100), longestBackOff: Duration = .seconds(10),
        longestWait: Duration = .seconds(60), bindingsAtOnce: Int = 32
    ) {
        self.schedulerNames = schedulerNames
        self.seed = seed
        self.firstBackOff = firstBackOff
        self.longestBackOff = longestBackOff
        self.longestWait = longestWait
        self.bindingsAtOnce = max(1, bindingsAtOnce)
    }

    /// The scheduler of pods that name none.
    public static let defaultName = "default-scheduler"
}
