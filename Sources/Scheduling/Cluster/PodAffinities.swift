public import JSONTree
public import KubernetesModel

/// What a pod demands and prefers of its neighbours (`spec.affinity.podAffinity` and `podAntiAffinity`).
///
/// A class: few pods have any, and those that do share it.
public final class PodAffinities: Sendable, Hashable {
    /// A preferred term.
    public struct Preference: Sendable, Hashable {
        /// 1 to 100.
        public let weight: Int
        public let term: PodAffinityTerm

        public init(weight: Int, term: PodAffinityTerm) {
            self.weight = weight
            self.term = term
        }
    }

    public let required: [PodAffinityTerm]
    public let requiredAnti: [PodAffinityTerm]
    public let preferred: [Preference]
    public let preferredAnti: [Preference]

    /// - Returns: `nil` where the pod has none.
    /// - Throws: `JSONError` naming the field that is malformed.
    public init?(_ pod: KubernetesObject) throws(JSONError) {
        guard let affinity = pod.json["spec"]?["affinity"] else { return nil }
        required = try Self.terms("podAffinity", affinity, pod)
        requiredAnti = try Self.terms("podAntiAffinity", affinity, pod)
        preferred = try Self.preferences("podAffinity", affinity, pod)
        preferredAnti = try Self.preferences("podAntiAffinity", affinity, pod)
        if required.isEmpty, requiredAnti.isEmpty, preferred.isEmpty, preferredAnti.isEmpty { return nil }
    }

    /// How many terms it has.
    var count: Int { required.count + requiredAnti.count + preferred.count + preferredAnti.count }

    private static func terms(
        _ kind: String, _ affinity: JSON, _ pod: KubernetesObject
    ) throws(JSONError) -> [PodAffinityTerm] {
        let key = "requiredDuringSchedulingIgnoredDuringExecution"
        var terms: [PodAffinityTerm] = []
        for (place, json) in (affinity[kind]?[key]?.array ?? []).enumerated() {
            terms.append(try PodAffinityTerm(json, at: "spec.affinity.\(kind).\(key)[\(place)]", of: pod))
        }
        return terms
    }

    private static func preferences(
        _ kind: String, _ affinity: JSON, _ pod: KubernetesObject
    ) throws(JSONError) -> [Preference] {
        let key = "preferredDuringSchedulingIgnoredDuringExecution"
        var preferences: [Preference] = []
        for (place, json) in (affinity[kind]?[key]?.array ?? []).enumerated() {
            let fields = try JSONFields(json, at: "spec.affinity.\(kind).\(key)[\(place)]")
            let term = try PodAffinityTerm(
                try fields.value("podAffinityTerm"), at: fields.name("podAffinityTerm"), of: pod)
            preferences.append(Preference(weight: try fields.int("weight", in: 0...100), term: term))
        }
        return preferences
    }

    public static func == (left: PodAffinities, right: PodAffinities) -> Bool {
        left === right
            || (left.required == right.required && left.requiredAnti == right.requiredAnti
                && left.preferred == right.preferred && left.preferredAnti == right.preferredAnti)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(required)
        hasher.combine(requiredAnti)
        hasher.combine(preferred)
        hasher.combine(preferredAnti)
    }
}
