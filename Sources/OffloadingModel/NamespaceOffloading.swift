public import JSONTree
public import KubernetesModel

/// How an offloaded namespace is named on the edges (`spec.namespaceMappingStrategy`).
public enum NamespaceMapping: String, Sendable, CaseIterable {
    /// `<namespace>-<origin's name>-<6 hex digits>`.
    case defaultName = "DefaultName"
    /// The namespace's own name.
    case enforceSameName = "EnforceSameName"
    /// `spec.remoteNamespaceName`.
    case selectedName = "SelectedName"
}

/// Where the pods of an offloaded namespace may run (`spec.podOffloadingStrategy`).
public enum PodOffloading: String, Sendable, CaseIterable {
    /// On the origin's own nodes and on the selected edges.
    case localAndRemote = "LocalAndRemote"
    /// On the origin's own nodes only; no remote namespaces are made.
    case local = "Local"
    /// On the selected edges only.
    case remote = "Remote"
}

/// How far the offloading of a namespace is (`status.offloadingPhase`).
public enum OffloadingPhase: String, Sendable, CaseIterable {
    /// Every selected edge has the namespace.
    case ready = "Ready"
    /// No peered edge is selected.
    case noClusterSelected = "NoClusterSelected"
    /// Some selected edges do not have it yet; none has failed.
    case inProgress = "InProgress"
    /// Some selected edges cannot have it, such as for a namespace of that name which is not ours.
    case someFailed = "SomeFailed"
    /// No selected edge can have it, or the selector is malformed.
    case allFailed = "AllFailed"
    /// It is being taken back.
    case terminating = "Terminating"
}

/// What becomes of the pods of an edge that cannot be reached (`causeway.io/on-disconnect`).
public enum DisconnectPolicy: Sendable, Hashable {
    /// They are replaced elsewhere once the edge has been away this long.
    case reschedule(after: Duration)
    /// They are waited for.
    case keep
}

/// An `offloading.liqo.io/v1alpha1 NamespaceOffloading`: how one namespace is offloaded.
public struct NamespaceOffloading: Sendable, Hashable {
    /// The whole object; fields that this type does not know stay as they are.
    public var object: KubernetesObject

    /// - Parameter object: as a cluster gave it; nothing of it is checked.
    public init(_ object: KubernetesObject) { self.object = object }

    /// The namespace that is offloaded, at the origin.
    public var namespace: String { object.namespace }

    /// `DefaultName` where nothing, or nothing known, is said.
    public var mapping: NamespaceMapping {
        NamespaceMapping(rawValue: object.spec["namespaceMappingStrategy"]?.string ?? "") ?? .defaultName
    }

    /// `LocalAndRemote` where nothing, or nothing known, is said.
    public var podOffloading: PodOffloading {
        PodOffloading(rawValue: object.spec["podOffloadingStrategy"]?.string ?? "") ?? .localAndRemote
    }

    /// Which clusters are meant; `nil` for all.
    ///
    /// - Throws: `JSONError` naming the field that is malformed.
    public func clusterSelector() throws(JSONError) -> NodeSelector? {
        guard let selector = object.spec["clusterSelector"], selector["nodeSelectorTerms"]?.array?.isEmpty == false
        else {
            return nil
        }
        return try NodeSelector(selector, at: "spec.clusterSelector")
    }

    /// The namespace's name on the edges.
    ///
    /// - Parameter originHash: at least six hexadecimal digits that tell this origin from others of its name.
    public func remoteNamespace(originName: String, originHash: String) -> String {
        switch mapping {
        case .enforceSameName: namespace
        case .selectedName: object.spec["remoteNamespaceName"]?.string ?? namespace
        case .defaultName: "\(namespace)-\(originName)-\(originHash.prefix(6))"
        }
    }

    /// As the hub stored it last; `nil` before it has looked.
    public var phase: OffloadingPhase? { object.status["offloadingPhase"]?.string.flatMap(OffloadingPhase.init) }

    /// What its annotations ask for.
    public var policy: OffloadingPolicy { OffloadingPolicy(annotations: object.annotations) }

    /// What happens to the pods of an edge that is away.
    public var disconnectPolicy: DisconnectPolicy { policy.onDisconnect }
}

/// Durations as Kubernetes' users write them: `10s`, `1m30s`, `500ms`, `2h`.
public enum GoDuration {
    /// - Returns: `nil` where the text is none, is negative, or is longer than a year.
    public static func parse(_ text: String) -> Duration? {
        guard !text.isEmpty, text.utf8.count <= 32 else { return nil }
        var total: Double = 0
        var rest = Substring(text)
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard !digits.isEmpty, let value = Double(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            let seconds: [Substring: Double] = [
                "ms": 0.001, "s": 1, "m": 60, "h": 3600, "us": 0.000_001, "ns": 0.000_000_001,
            ]
            guard let factor = seconds[unit] else { return nil }
            rest = rest.dropFirst(unit.count)
            total += value * factor
        }
        return total <= 31_536_000 ? .nanoseconds(Int64(total * 1_000_000_000)) : nil
    }

    /// In whole seconds and as few units as there are, such as `24h`, `1h30m` or `45s`; ``parse(_:)`` reads it.
    public static func text(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
        let text = parts.filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }.joined()
        return text.isEmpty ? "0s" : text
    }
}
