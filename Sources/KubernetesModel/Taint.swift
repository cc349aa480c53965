public import JSONTree

/// A mark on a node that keeps pods away which do not tolerate it (`core/v1 Taint`).
public struct Taint: Sendable, Hashable {
    public enum Effect: String, Sendable {
        /// No new pods.
        case noSchedule = "NoSchedule"
        /// Rather no new pods.
        case preferNoSchedule = "PreferNoSchedule"
        /// No new pods, and those on the node leave.
        case noExecute = "NoExecute"
    }

    public let key: String
    public let value: String
    public let effect: Effect

    public init(key: String, value: String = "", effect: Effect) {
        self.key = key
        self.value = value
        self.effect = effect
    }

    /// - Returns: `nil` where the key is missing or the effect unknown; such a taint keeps no pod away.
    public init?(_ json: JSON) {
        guard let key = json["key"]?.string, let effect = json["effect"]?.string.flatMap(Effect.init) else {
            return nil
        }
        self.init(key: key, value: json["value"]?.string ?? "", effect: effect)
    }

    public var json: JSON {
        var json: JSON = ["key": .string(key)]
        if !value.isEmpty { json["value"] = .string(value) }
        json["effect"] = .string(effect.rawValue)
        return json
    }

    /// Whether the taint keeps new pods away, not only as a preference.
    public var forbidsScheduling: Bool { effect != .preferNoSchedule }

    /// The taints of a node's `spec.taints`.
    public static func all(of node: KubernetesObject) -> [Taint] {
        (node.json["spec"]?["taints"]?.array ?? []).compactMap(Taint.init)
    }
}
