package import JSONTree
package import KubernetesModel

/// One question of an API server about a pod that is being created (`admission.k8s.io/v1 AdmissionReview`).
///
/// Decoded without trust: whoever reaches the port may send anything.
package struct AdmissionReview: Sendable, Hashable {
    /// The most bytes that are read: the API server's own limit of an object, and the envelope.
    package static let maximumLength = 4 * 1024 * 1024

    /// Of the question; the answer repeats it.
    package let uid: String
    /// Where the pod is being created. The pod itself need not say so.
    package let namespace: String
    /// The pod; `nil` where the question is about something else, or about no creation: then there is nothing to say.
    package let pod: KubernetesObject?

    /// - Throws: `JSONError` naming the field that is missing or wrong.
    package init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
        let json = try JSON(
            parsing: Array(bytes), limits: JSONLimits(bytes: Self.maximumLength, depth: 64, values: 200_000))
        let review = try JSONFields(json)
        guard try review.string("apiVersion", limit: 64) == "admission.k8s.io/v1",
            try review.string("kind", limit: 64) == "AdmissionReview"
        else { throw review.error("kind", "expected an AdmissionReview of admission.k8s.io/v1") }
        let request = try review.object("request")
        uid = try request.string("uid", limit: 256)
        guard !uid.isEmpty else { throw request.error("uid", "empty") }
        namespace = try request.optionalString("namespace", limit: 253) ?? ""
        let resource = try request.object("resource")
        let group = try resource.optionalString("group", limit: 253) ?? ""
        let plural = try resource.optionalString("resource", limit: 253)
        let operation = try request.optionalString("operation", limit: 32)
        let subresource = try request.optionalString("subResource", limit: 64) ?? ""
        guard group.isEmpty, plural == "pods", operation == "CREATE", subresource.isEmpty, !namespace.isEmpty else {
            pod = nil
            return
        }
        pod = KubernetesObject(.object(try request.object("object").object))
    }

    /// The answer that lets the pod in, changed.
    ///
    /// - Parameter pod: as it shall be stored; only its spec and its annotations are looked at.
    package func admitted(as pod: KubernetesObject?) -> JSON {
        var response: JSON = ["uid": .string(uid), "allowed": true]
        if let before = self.pod, let pod {
            var operations = Self.operations(before: before.spec, after: pod.spec)
            if pod.annotations != before.annotations {
                // As a whole: a pod may have had none, and then there is nothing to add to.
                operations.append([
                    "op": "add", "path": "/metadata/annotations", "value": JSON(pod.annotations),
                ])
            }
            if !operations.isEmpty {
                response["patchType"] = "JSONPatch"
                response["patch"] = .string(Base64Text.encode(JSON.array(operations).encoded()))
            }
        }
        return Self.answer(response)
    }

    /// The answer that lets the pod in as it is, and tells whoever creates it why.
    package func admittedUnchanged(_ warning: String) -> JSON {
        // The API server cuts what is longer, and drops all warnings of more than 4 KiB.
        Self.answer(["uid": .string(uid), "allowed": true, "warnings": [.string(String(warning.prefix(250)))]])
    }

    private static func answer(_ response: JSON) -> JSON {
        ["apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response]
    }

    /// What makes one spec of the other, a member at a time: `add` replaces a member that is there (RFC 6902, 4.1).
    private static func operations(before: JSON, after: JSON) -> [JSON] {
        guard case .object(let members) = after else { return [] }
        return members.compactMap { key, value in
            guard before[key] != value else { return nil }
            let pointer = key.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
                .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
            return ["op": "add", "path": .string("/spec/\(pointer)"), "value": value]
        }
    }
}
