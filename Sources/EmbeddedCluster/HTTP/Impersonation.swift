import HTTPTransport
import KubernetesModel
import NIOHTTP1

/// Whom a request wants to act as: the `Impersonate-…` headers, which `kubectl --as` and `--as-group` send.
struct Impersonation: Sendable, Hashable {
    private static let extraPrefix = "impersonate-extra-"
    private static let accountPrefix = "system:serviceaccount:"

    private let name: String
    private let groups: [String]
    private let uid: String?
    private let extra: [String: [String]]

    /// - Returns: `nil` where the request wants to be nobody else.
    /// - Throws: 400 for groups, an uid or more of a user who is not named.
    init?(_ headers: HTTPHeaders) throws(APIError) {
        var name = ""
        var uid: String?
        var groups: [String] = []
        var extra: [String: [String]] = [:]
        var isAsked = false
        for (header, value) in headers {
            let header = header.lowercased()
            guard header.hasPrefix("impersonate-") else { continue }
            isAsked = true
            switch header {
            case "impersonate-user": name = value
            case "impersonate-group": groups.append(value)
            case "impersonate-uid": uid = value
            case _ where header.hasPrefix(Self.extraPrefix):
                let key = String(header.dropFirst(Self.extraPrefix.count))
                extra[PercentEncoding.decode(key[...]) ?? key, default: []].append(value)
            default: break
            }
        }
        guard isAsked else { return nil }
        guard !name.isEmpty else {
            throw APIError.badRequest(
                "the request has Impersonate-Group, -Uid or -Extra headers without an Impersonate-User")
        }
        self.name = name
        self.groups = groups
        self.uid = uid
        self.extra = extra
    }

    /// Who the request is made as.
    ///
    /// - Throws: 403 where the one who makes it may not act as others: only administrators may.
    func user(for requester: UserIdentity) throws(APIError) -> UserIdentity {
        guard requester.isAdministrator else {
            throw APIError(
                code: 403, reason: .forbidden,
                message: "users \"\(name)\" is forbidden: User \"\(requester.name)\" cannot impersonate resource "
                    + "\"users\" in API group \"\" at the cluster scope", group: "", kind: "users", name: name)
        }
        var groups = groups
        if groups.isEmpty, name.hasPrefix(Self.accountPrefix) {
            let parts = name.dropFirst(Self.accountPrefix.count).split(separator: ":")
            if parts.count == 2 {
                groups = ["system:serviceaccounts", "system:serviceaccounts:\(parts[0])"]
            }
        }
        let everybody = name == "system:anonymous" ? "system:unauthenticated" : "system:authenticated"
        if !groups.contains(where: { $0 == "system:authenticated" || $0 == "system:unauthenticated" }) {
            groups.append(everybody)
        }
        return UserIdentity(name: name, groups: groups, uid: uid, extra: extra)
    }
}
