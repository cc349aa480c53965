/// How the pods of a namespace fill its edges: like water, each up to what it can hold and by its weight.
///
/// `DoNotSchedule` constraints then bound how far a domain stands above the water's level, not above the emptiest domain; see
/// `WaterLevel`. Other constraints stay as they are.
public struct WaterFill: Sendable, Hashable {
    /// How many pods a node takes for each pod of a node of weight 1, by the node's name; at least 1. Others have weight 1.
    public let weights: [String: Int]

    public init(weights: [String: Int] = [:]) { self.weights = weights.mapValues { max(1, $0) } }

    public func weight(of node: String) -> Int { weights[node] ?? 1 }
}
