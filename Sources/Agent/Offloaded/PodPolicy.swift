import JSONTree
import KubernetesModel
import OffloadingModel

/// What a hub may not ask of this edge, whoever controls the hub. The edge's operator says it.
struct PodPolicy: Sendable, Hashable {
    /// The reason of such refusals.
    static let reason = "NotAllowed"

    /// What the edge decides, whatever its operator allows; a hub that is none's tool sends none of it.
    private static let edgesOwn = [
        ("nodeName", "it is the edge's own scheduler that places offloaded pods on its nodes"),
        ("serviceAccount", "accounts go by serviceAccountName"),
        ("priorityClassName", "offloaded pods make no room by ending the edge's own"),
        ("priority", "offloaded pods make no room by ending the edge's own"),
        ("preemptionPolicy", "offloaded pods make no room by ending the edge's own"),
        ("runtimeClassName", "the edge decides what runs containers"),
    ]

    var security = PodSecurityLevel.baseline
    var images = AllowedImages.all

    /// - Parameter pod: that is asked for; its spec and annotations count.
    /// - Returns: why it may not run here, with the field; `nil` where it may.
    func objection(to pod: KubernetesObject) -> String? {
        let spec = pod.spec
        for (field, why) in Self.edgesOwn where PodFields.isSet(spec[field]) { return "spec.\(field): \(why)" }
        for (index, volume) in (spec["volumes"]?.array ?? []).enumerated()
        where (volume["projected", "sources"]?.array ?? []).contains(where: {
            PodFields.isSet($0["serviceAccountToken"])
        }) {
            return "spec.volumes[\(index)].projected: the edge gives tokens of its own to no offloaded pod"
        }
        if security == .baseline, let objection = PodBaseline.objection(to: pod) { return objection }
        return objection(to: PodFields.images(of: spec))
    }

    /// - Parameter pod: as it is; the images that it has may stay.
    /// - Returns: why it may not become another one; `nil` where it may.
    func objection(toImagesOf updated: KubernetesObject, insteadOf pod: KubernetesObject) -> String? {
        let known = Set(PodFields.images(of: pod.spec).map(\.image))
        return objection(to: PodFields.images(of: updated.spec).filter { !known.contains($0.image) })
    }

    private func objection(to images: [(path: String, image: String)]) -> String? {
        images.first { !self.images.contains($0.image) }.map { field, image in
            "\(field): the edge runs \(image) for nobody; it runs \(self.images.description.isEmpty ? "no images" : "\(self.images)")"
        }
    }
}
