public import JSONTree

/// An entry of `metadata.ownerReferences` (`meta/v1 OwnerReference`).
public struct OwnerReference: Sendable, Hashable {
    public let apiVersion: String
    public let kind: String
    public let name: String
    public let uid: String
    /// Whether this owner manages the object; at most one does.
    public let isController: Bool
    /// Whether foreground deletion of the owner waits for the object.
    public let blockOwnerDeletion: Bool

    public init(
        apiVersion: String, kind: String, name: String, uid: String, isController: Bool = false,
        blockOwnerDeletion: Bool = false
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
        self.isController = isController
        self.blockOwnerDeletion = blockOwnerDeletion
    }

    /// The reference by which `owner` manages what it makes.
    public init(controller owner: KubernetesObject) {
        self.init(
            apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, uid: owner.uid, isController: true,
            blockOwnerDeletion: true)
    }

    /// - Returns: `nil` where a required field is missing.
    public init?(_ json: JSON) {
        guard let apiVersion = json["apiVersion"]?.string, let kind = json["kind"]?.string,
            let name = json["name"]?.string, let uid = json["uid"]?.string
        else { return nil }
        self.init(
            apiVersion: apiVersion, kind: kind, name: name, uid: uid, isController: json["controller"]?.bool ?? false,
            blockOwnerDeletion: json["blockOwnerDeletion"]?.bool ?? false)
    }

    public var json: JSON {
        var json: JSON = ["apiVersion": .string(apiVersion)]
        if blockOwnerDeletion { json["blockOwnerDeletion"] = true }
        if isController { json["controller"] = true }
        json["kind"] = .string(kind)
        json["name"] = .string(name)
        json["uid"] = .string(uid)
        return json
    }
}
