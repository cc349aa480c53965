import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1

/// Questions that clients ask by creating an object that is not stored: who am I, may I.
enum Reviews {
    private static let accessReviews = "selfsubjectaccessreviews"
    private static let rulesReviews = "selfsubjectrulesreviews"
    private static let subjectReviews = "selfsubjectreviews"

    /// For discovery.
    static let resources: [(group: String, plural: String, kind: String)] = [
        ("authentication.k8s.io", subjectReviews, "SelfSubjectReview"),
        ("authorization.k8s.io", accessReviews, "SelfSubjectAccessReview"),
        ("authorization.k8s.io", rulesReviews, "SelfSubjectRulesReview"),
    ]

    private static func isReview(_ path: RequestPath.Resource) -> Bool {
        path.version == "v1" && path.name == nil
            && resources.contains { $0.group == path.group && $0.plural == path.plural }
    }

    /// Whether everybody with a certificate may ask.
    static func areFor(everybody path: RequestPath.Resource) -> Bool { isReview(path) }

    /// - Returns: `nil` where the path leads to something else.
    static func answer(
        _ path: RequestPath.Resource, _ request: HTTPRequest, _ user: UserIdentity, now: Int
    ) throws(APIError) -> HTTPResponse? {
        guard isReview(path) else { return nil }
        // What is not stored has no metadata to show alone, and no table.
        let accept = request.headers[canonicalForm: "accept"].joined(separator: ",")
        guard AcceptedForm(accept, allowsTables: false) == .object else { throw AcceptedForm.notAcceptable }
        let kind = resources.first { $0.plural == path.plural }?.kind ?? ""
        let type = ResourceType(
            group: path.group, version: path.version, plural: path.plural, kind: kind, isNamespaced: false)
        var answer = try RequestBody.object(request, type).object
        answer["kind"] = .string(kind)
        answer["apiVersion"] = .string(type.apiVersion)
        switch path.plural {
        case accessReviews: answer["status"] = ["allowed": JSON(user.isAdministrator)]
        case rulesReviews: answer["status"] = rules(of: user)
        default:
            answer["metadata"] = ["creationTimestamp": .string(Timestamp.text(now))]
            answer["status"] = ["userInfo": userInfo(user)]
        }
        return Answer.json(answer, status: .created)
    }

    private static func userInfo(_ user: UserIdentity) -> JSON {
        var info: JSON = ["username": .string(user.name)]
        if let uid = user.uid { info["uid"] = .string(uid) }
        info["groups"] = JSON(user.groups)
        for key in user.extra.keys.sorted() { info["extra", key] = JSON(user.extra[key] ?? []) }
        return info
    }

    /// What a user may do: administrators everything, everybody else these questions and what is public.
    private static func rules(of user: UserIdentity) -> JSON {
        var resourceRules: [JSON] = []
        var otherRules: [JSON] = []
        if user.isAdministrator {
            resourceRules.append(["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]])
            otherRules.append(["verbs": ["*"], "nonResourceURLs": ["*"]])
        }
        for review in resources {
            resourceRules.append([
                "verbs": ["create"], "apiGroups": [.string(review.group)], "resources": [.string(review.plural)],
            ])
        }
        otherRules.append(["verbs": ["get"], "nonResourceURLs": JSON(Health.publicPaths)])
        return [
            "resourceRules": .array(resourceRules), "nonResourceRules": .array(otherRules), "incomplete": false,
        ]
    }
}
