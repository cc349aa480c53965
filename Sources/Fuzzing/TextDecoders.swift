import AdmissionWebhook
import Daemon
import EmbeddedCluster
import JSONTree
import KubernetesClient
import KubernetesModel

/// What clients and files bring.
enum TextDecoders {
    static func json(_ bytes: [UInt8]) {
        guard let value = try? JSON(parsing: bytes) else { return }
        let text = value.encoded()
        precondition(
            (try? JSON(parsing: text, limits: JSONLimits(bytes: .max))) == value, "JSON is not written as it was read")
    }

    static func settings(_ bytes: [UInt8]) {
        _ = try? DaemonSettings(yaml: String(decoding: bytes, as: UTF8.self), file: "settings.yaml")
    }

    static func kubeconfig(_ bytes: [UInt8]) {
        _ = try? Kubeconfig(parsing: String(decoding: bytes, as: UTF8.self), file: "kubeconfig")
    }

    static func yaml(_ bytes: [UInt8]) { _ = try? YAMLBody.parse(bytes) }

    static func protobuf(_ bytes: [UInt8]) { _ = try? ProtobufDecoder.decode(bytes) }

    static func selector(_ bytes: [UInt8]) { _ = try? LabelSelector(text: String(decoding: bytes, as: UTF8.self)) }

    /// A question about a pod, and the answer that gives it another scheduler.
    static func admission(_ bytes: [UInt8]) {
        guard let review = try? AdmissionReview(parsing: bytes) else { return }
        var pod = review.pod
        pod?.spec["schedulerName"] = "fuzzed"
        _ = review.admitted(as: pod).encoded()
    }

    /// An array of the value, a JSON patch and a merge patch.
    static func patch(_ bytes: [UInt8]) {
        guard let parts = try? JSON(parsing: bytes), let value = parts[0], let operations = parts[1] else { return }
        if let patch = try? JSONPatch(operations) { _ = try? patch.applied(to: value) }
        guard let changes = parts[2] else { return }
        var merged = value
        merged.merge(changes)
        if let back = value.mergePatch(to: merged) {
            var again = value
            again.merge(back)
            precondition(again == merged || Self.hasNull(merged), "a merge patch does not lead where it should")
        }
    }

    /// A merge patch cannot set a member to `null`.
    private static func hasNull(_ value: JSON) -> Bool {
        switch value {
        case .null: true
        case .object(let object): object.contains { hasNull($0.value) }
        case .array(let elements): elements.contains(where: hasNull)
        default: false
        }
    }
}
