/// Why a filter refuses a node.
public struct Refusal: Sendable, Hashable {
    /// The filter, by the name of its Kubernetes plugin.
    public let plugin: String
    /// In Kubernetes' words; at least one.
    public let reasons: [String]
    /// Whether the node may do once pods have left it (kube-scheduler's `Unschedulable`, against
    /// `UnschedulableAndUnresolvable`).
    public let mayHelpToPreempt: Bool

    public init(_ plugin: String, _ reasons: [String], mayHelpToPreempt: Bool = true) {
        self.plugin = plugin
        self.reasons = reasons
        self.mayHelpToPreempt = mayHelpToPreempt
    }
}
