/// Why a filter refuses a node.
public struct Refusal: Sendable, Hashable {
    /// The filter, by the name of its Kubernetes plugin.
    public let plugin: String
    /// In Kubernetes' words; at least one.
    public let reasons: [String]

    public init(_ plugin: String, _ reasons: [String]) {
        self.plugin = plugin
        self.reasons = reasons
    }
}
