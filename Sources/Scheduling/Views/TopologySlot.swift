/// What a node's domain comes to when nodes are compared: a shared domain by its number, one of the node alone by its pods.
struct TopologySlot: Sendable, Hashable {
    /// Domains from 0 on; −1 for none; −2 less the pods for a node alone.
    private let code: Int32

    private init(code: Int) { self.code = Int32(truncatingIfNeeded: code) }

    /// The node lacks the label.
    static let missing = TopologySlot(code: -1)
    static func shared(domain: Int) -> TopologySlot { TopologySlot(code: domain) }
    static func alone(pods: Int) -> TopologySlot { TopologySlot(code: -2 - pods) }

    var isMissing: Bool { code == -1 }
    /// The pods where the node is alone; `nil` where only the domain knows.
    var pods: Int? { code <= -2 ? -2 - Int(code) : nil }
    /// Only for shared domains.
    var domain: Int { Int(code) }
    var isShared: Bool { code >= 0 }
}
