public import JSONTree

/// What the edge knows of a pod.
public struct ObservedPod: Sendable, Hashable {
    /// Why the edge could not create a pod.
    public struct Refusal: Sendable, Hashable {
        /// One word for programs, such as `OutOfcpu` or `NotAllowed`.
        public var reason: String
        /// A sentence for an operator.
        public var message: String

        public init(reason: String, message: String) {
            self.reason = reason
            self.message = message
        }
    }

    /// The uid at the origin of the pod that this is about.
    public var originUID: String
    /// The uid of the pod on the edge; empty where it could not be created. Absent means empty.
    public var edgeUID: String
    /// The pod's `status` on the edge: phase, conditions, containerStatuses, podIP, startTime. Absent means an empty object.
    public var status: JSON
    /// Where the edge could not create the pod. Absent means that it could.
    public var refused: Refusal?
    /// The pod that was to end has ended, and the edge has nothing of it any more. Absent means false.
    public var isGone: Bool

    public init(
        originUID: String, edgeUID: String, status: JSON = .object(JSONObject()), refused: Refusal? = nil,
        isGone: Bool = false
    ) {
        self.isGone = isGone
        self.originUID = originUID
        self.edgeUID = edgeUID
        self.status = status
        self.refused = refused
    }

    public init(fields: JSONFields) throws(JSONError) {
        originUID = try fields.string("originUID", limit: 128)
        edgeUID = try fields.optionalString("edgeUID", limit: 128) ?? ""
        status = .object(try fields.optionalObject("status")?.object ?? JSONObject())
        isGone = try fields.optionalBool("gone") ?? false
        if let refusal = try fields.optionalObject("refused") {
            refused = Refusal(
                reason: try refusal.string("reason", limit: 128), message: try refusal.string("message", limit: 4096))
        }
    }

    public var json: JSON {
        var json: JSON = ["originUID": .string(originUID)]
        if !edgeUID.isEmpty { json["edgeUID"] = .string(edgeUID) }
        if status.object?.isEmpty == false { json["status"] = status }
        if let refused {
            json["refused"] = ["reason": .string(refused.reason), "message": .string(refused.message)]
        }
        if isGone { json["gone"] = true }
        return json
    }
}
