import ClusterAPI
import JSONTree
import KubernetesModel

extension ResourcePipeline {
    /// Bounds of `spec.expirationSeconds`, as Kubernetes has them.
    private static let shortestToken = 600
    private static let longestToken = 1 << 32
    private static let usualToken = 3600

    /// Makes a bearer token for a ServiceAccount (`serviceaccounts/token`).
    func issueToken(namespace: String?, name: String, _ body: JSON) throws(APIError) -> JSON {
        let account = try get(try definition(.serviceAccounts), namespace: namespace, name: name).object
        let spec = body["spec"] ?? .object(JSONObject())
        let seconds = spec["expirationSeconds"]?.int ?? Self.usualToken
        var problems: [APIError.Cause] = []
        if seconds < Self.shortestToken {
            problems.append(Self.invalidDuration(seconds, "may not specify a duration less than 10 minutes"))
        }
        if seconds > Self.longestToken {
            problems.append(Self.invalidDuration(seconds, "may not specify a duration larger than 2^32 seconds"))
        }
        guard problems.isEmpty else {
            throw APIError.invalid(group: "authentication.k8s.io", kind: "TokenRequest", name: "", problems)
        }
        let asked = spec["audiences"]?.strings ?? []
        let audiences = asked.isEmpty ? [ServiceAccountTokens.issuer] : asked
        let start = now()
        let bound = try boundObject(spec["boundObjectRef"], of: account)
        let token = tokens.issue(
            ServiceAccountTokens.Claims(
                namespace: account.namespace, name: account.name, uid: account.uid, audiences: audiences,
                issuedAt: start, expiresAt: start + seconds, bound: bound, id: RandomName.uid()))
        return [
            "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
            "metadata": [
                "name": .string(name), "namespace": .string(account.namespace),
                "creationTimestamp": .string(Timestamp.text(start)),
            ],
            "spec": [
                "audiences": JSON(audiences), "expirationSeconds": JSON(seconds),
                "boundObjectRef": spec["boundObjectRef"] ?? .null,
            ],
            "status": ["token": .string(token), "expirationTimestamp": .string(Timestamp.text(start + seconds))],
        ]
    }

    private static func invalidDuration(_ seconds: Int, _ why: String) -> APIError.Cause {
        APIError.Cause(
            reason: "FieldValueInvalid", message: "Invalid value: \(seconds): \(why)", field: "spec.expirationSeconds")
    }

    private func boundObject(
        _ reference: JSON?, of account: KubernetesObject
    ) throws(APIError) -> ServiceAccountTokens.BoundObject? {
        guard let reference, !reference.isNull else { return nil }
        let kind = reference["kind"]?.string ?? ""
        guard let type = Self.bindable[kind] else {
            throw APIError.badRequest("cannot bind token for serviceaccount to object of kind \(kind)")
        }
        let object = try get(
            try definition(type), namespace: type.isNamespaced ? account.namespace : nil,
            name: reference["name"]?.string ?? ""
        ).object
        if let uid = reference["uid"]?.string, !uid.isEmpty, uid != object.uid {
            throw APIError.conflict(type, object.name)
        }
        if kind == "Pod", object.spec["serviceAccountName"]?.string ?? "default" != account.name {
            throw APIError.badRequest("cannot bind token to pod \(object.name): it has another service account")
        }
        return ServiceAccountTokens.BoundObject(kind: kind, name: object.name, uid: object.uid)
    }

    private static let bindable: [String: ResourceType] = ["Pod": .pods, "Secret": .secrets, "Node": .nodes]

    /// Who brings a token: the ServiceAccount it was made for, while that and what it is bound to exist.
    func user(ofToken token: String) -> UserIdentity? {
        guard let claims = tokens.claims(of: token, now: now()), claims.audiences.contains(ServiceAccountTokens.issuer),
            uid(.serviceAccounts, claims.namespace, claims.name) == claims.uid
        else { return nil }
        if let bound = claims.bound {
            guard let type = Self.bindable[bound.kind],
                uid(type, type.isNamespaced ? claims.namespace : nil, bound.name) == bound.uid
            else { return nil }
        }
        var extra = [UserIdentity.credential: ["JTI=\(claims.id)"]]
        if let bound = claims.bound, bound.kind != "Secret" {
            let kind = bound.kind.lowercased()
            extra["authentication.kubernetes.io/\(kind)-name"] = [bound.name]
            extra["authentication.kubernetes.io/\(kind)-uid"] = [bound.uid]
        }
        return UserIdentity(
            name: "system:serviceaccount:\(claims.namespace):\(claims.name)",
            groups: [
                "system:serviceaccounts", "system:serviceaccounts:\(claims.namespace)", "system:authenticated",
            ], uid: claims.uid, extra: extra)
    }

    private func uid(_ type: ResourceType, _ namespace: String?, _ name: String) -> String? {
        guard let definition = try? definition(type) else { return nil }
        return try? get(definition, namespace: namespace, name: name).object.uid
    }
}
