import ClusterAPI
import JSONTree
import KubernetesModel
import Synchronization
import TLSTransport

/// Whether the cluster lets a client use a node as the API server does (`nodes/proxy`), asked of the cluster and remembered
/// for as long as kubelets do.
final class NodeProxyReviews: Sendable {
    private struct Question: Hashable {
        let user: String
        let groups: [String]
        let node: String
        let verb: String
    }

    private struct Answer {
        let isAllowed: Bool
        let until: ContinuousClock.Instant
    }

    private static let subjectAccessReviews = ResourceType(
        group: "authorization.k8s.io", version: "v1", plural: "subjectaccessreviews", kind: "SubjectAccessReview",
        isNamespaced: false)
    /// A bound for a cluster of many users; beyond it all is asked anew.
    private static let remembered = 1024

    private let cluster: any ClusterAPI
    private let answers = Mutex<[Question: Answer]>([:])

    init(_ cluster: any ClusterAPI) { self.cluster = cluster }

    /// - Parameter verb: `get` or `create`.
    /// - Throws: what the cluster throws; then nothing is known, and nobody is let in.
    func isAllowed(_ peer: PeerIdentity, node: String, verb: String) async throws -> Bool {
        let question = Question(user: peer.commonName, groups: peer.organizations, node: node, verb: verb)
        let known = answers.withLock { $0[question] }
        if let known, known.until > .now { return known.isAllowed }
        let review = KubernetesObject([
            "apiVersion": .string(Self.subjectAccessReviews.apiVersion),
            "kind": .string(Self.subjectAccessReviews.kind), "metadata": [:],
            "spec": [
                "user": .string(question.user), "groups": JSON(question.groups + ["system:authenticated"]),
                "resourceAttributes": [
                    "verb": .string(verb), "version": "v1", "resource": "nodes", "subresource": "proxy",
                    "name": .string(node),
                ],
            ],
        ])
        let reviewed = try await cluster.create(Self.subjectAccessReviews, review)
        let isAllowed = reviewed.status["allowed"] == true
        answers.withLock { answers in
            if answers.count >= Self.remembered { answers = [:] }
            answers[question] = Answer(isAllowed: isAllowed, until: .now + .seconds(isAllowed ? 300 : 30))
        }
        return isAllowed
    }
}
