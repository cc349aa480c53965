import JSONTree
public import KubernetesModel
public import OffloadingModel

/// Lets pods of virtual nodes outlive the absence of their edge, and of the hub, where Kubernetes' own controllers are at work.
///
/// Kubernetes gives every pod 300 s on a node that is not ready or cannot be reached (plugin `DefaultTolerationSeconds`), then
/// its node controller deletes the pod. What becomes of pods whose edge is away is the hub's to decide, by their namespace's
/// policy, and nobody's while the hub itself is away. So the tolerations that end get none of that; a pod's own wish for
/// another time stays, unless its namespace keeps pods however long their edge is away.
///
/// Pure and idempotent. At the edge pods have what they came with: ``restore(_:annotations:)``.
public enum AbsenceTolerations {
    private static let keys: Set<String> = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
    /// What the plugin gives unless the cluster's administrator has chosen otherwise.
    private static let defaultSeconds = 300

    /// Makes the pod's tolerations such, and notes in an annotation what they were.
    ///
    /// - Returns: whether that changed the pod.
    @discardableResult
    public static func extend(_ pod: inout KubernetesObject, _ policy: DisconnectPolicy) -> Bool {
        let keepsAll = policy == .keep
        var tolerations = pod.spec["tolerations"]?.array ?? []
        var ended = ended(pod.annotations)
        for place in tolerations.indices {
            guard let key = key(of: tolerations[place]), let seconds = tolerations[place]["tolerationSeconds"]?.int,
                keepsAll || seconds == defaultSeconds
            else { continue }
            tolerations[place]["tolerationSeconds"] = nil
            ended[key] = seconds
        }
        guard tolerations != pod.spec["tolerations"]?.array ?? [] else { return false }
        pod.json["spec", "tolerations"] = .array(tolerations)
        let words = ended.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        pod.annotations[Names.absenceAnnotation] = words.joined(separator: ",")
        return true
    }

    /// The tolerations as they were, and no annotation any more.
    static func restore(_ tolerations: [JSON], annotations: inout [String: String]) -> [JSON] {
        let ended = ended(annotations)
        annotations[Names.absenceAnnotation] = nil
        return tolerations.map { toleration in
            guard let seconds = key(of: toleration).flatMap({ ended[$0] }), toleration["tolerationSeconds"] == nil
            else {
                return toleration
            }
            var toleration = toleration
            toleration["tolerationSeconds"] = JSON(seconds)
            return toleration
        }
    }

    private static func key(of toleration: JSON) -> String? {
        guard let key = toleration["key"]?.string, keys.contains(key), toleration["effect"]?.string == "NoExecute"
        else {
            return nil
        }
        return key
    }

    private static func ended(_ annotations: [String: String]) -> [String: Int] {
        var ended: [String: Int] = [:]
        for part in (annotations[Names.absenceAnnotation] ?? "").split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, let seconds = Int(sides[1]) else { continue }
            ended[String(sides[0])] = seconds
        }
        return ended
    }
}
