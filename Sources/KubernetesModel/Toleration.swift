public import JSONTree

/// A pod's consent to a taint (`core/v1 Toleration`).
public struct Toleration: Sendable, Hashable {
    public enum Operator: String, Sendable {
        case equal = "Equal"
        case exists = "Exists"
    }

    /// Empty for every key.
    public let key: String
    public let `operator`: Operator
    public let value: String
    /// `nil` for every effect.
    public let effect: Taint.Effect?
    /// How long a pod stays once a `NoExecute` taint came; `nil` for ever.
    public let seconds: Int?

    public init(
        key: String, operator: Operator = .equal, value: String = "", effect: Taint.Effect? = nil, seconds: Int? = nil
    ) {
        self.key = key
        self.operator = `operator`
        self.value = value
        self.effect = effect
        self.seconds = seconds
    }

    /// - Returns: `nil` where operator or effect is unknown; such a toleration tolerates nothing.
    public init?(_ json: JSON) {
        let word = json["operator"]?.string ?? ""
        guard let `operator` = word.isEmpty ? .equal : Operator(rawValue: word) else { return nil }
        var effect: Taint.Effect?
        if let word = json["effect"]?.string, !word.isEmpty {
            guard let known = Taint.Effect(rawValue: word) else { return nil }
            effect = known
        }
        self.init(
            key: json["key"]?.string ?? "", operator: `operator`, value: json["value"]?.string ?? "", effect: effect,
            seconds: json["tolerationSeconds"]?.int)
    }

    public func tolerates(_ taint: Taint) -> Bool {
        if let effect, effect != taint.effect { return false }
        if !key.isEmpty, key != taint.key { return false }
        return `operator` == .exists || value == taint.value
    }

    /// The tolerations of a pod's `spec.tolerations`.
    public static func all(of pod: KubernetesObject) -> [Toleration] {
        (pod.json["spec"]?["tolerations"]?.array ?? []).compactMap(Toleration.init)
    }
}

extension Taint {
    public func isTolerated(by tolerations: [Toleration]) -> Bool { tolerations.contains { $0.tolerates(self) } }
}
