import Digests
import HTTPTransport
import KubernetesModel
import NIOHTTP1
import TLSTransport

/// Who makes a request, and whether they may.
enum RequestUser {
    /// The user of the client's certificate, which the connection has verified against the cluster's authority, or of a
    /// bearer token.
    ///
    /// Whoever may act as somebody else (`kubectl --as`) and says so is that somebody from here on.
    ///
    /// - Parameter userOfToken: `nil` for a token that does not hold.
    /// - Throws: 401 where there is neither; what ``Impersonation`` refuses.
    static func identify(
        _ request: HTTPRequest, userOfToken: (String) -> UserIdentity?
    ) throws(APIError) -> UserIdentity {
        let user: UserIdentity
        if let peer = request.peer, !peer.commonName.isEmpty {
            let certificate = "X509SHA256=" + Hex.encode(SHA256.hash(peer.leaf.der))
            user = UserIdentity(
                name: peer.commonName, groups: peer.organizations + ["system:authenticated"],
                extra: [UserIdentity.credential: [certificate]])
        } else if let token = bearerToken(request), let known = userOfToken(token) {
            user = known
        } else {
            throw APIError(code: 401, reason: .unauthorized, message: "Unauthorized")
        }
        return try Impersonation(request.headers)?.user(for: user) ?? user
    }

    private static func bearerToken(_ request: HTTPRequest) -> String? {
        guard let header = request.headers.first(name: "authorization") else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1].trimmingPrefix { $0 == " " }.description
    }

    /// Lets administrators do everything and everybody else nothing.
    ///
    /// - Throws: 403 in Kubernetes' words.
    static func authorize(_ user: UserIdentity, verb: String, _ path: RequestPath, rawPath: String) throws(APIError) {
        guard !user.isAdministrator else { return }
        let who = "User \"\(user.name)\" cannot"
        guard case .resource(let resource) = path else {
            throw APIError(
                code: 403, reason: .forbidden, message: "forbidden: \(who) \(verb) path \"\(rawPath)\"")
        }
        let what = [resource.plural, resource.subresource].compactMap { $0 }.joined(separator: "/")
        let scope = resource.namespace.map { "in the namespace \"\($0)\"" } ?? "at the cluster scope"
        let named = resource.name.map { " \"\($0)\"" } ?? ""
        let qualified = resource.group.isEmpty ? resource.plural : "\(resource.plural).\(resource.group)"
        throw APIError(
            code: 403, reason: .forbidden,
            message: "\(qualified)\(named) is forbidden: \(who) \(verb) resource \"\(what)\" in API group "
                + "\"\(resource.group)\" \(scope)",
            group: resource.group, kind: resource.plural, name: resource.name ?? "")
    }

    /// The verb as authorization names it.
    static func verb(_ method: String, _ path: RequestPath, isWatch: Bool) -> String {
        guard case .resource(let resource) = path else { return method.lowercased() }
        return switch method {
        case "GET", "HEAD": isWatch ? "watch" : resource.name == nil ? "list" : "get"
        case "POST": "create"
        case "PUT": "update"
        case "PATCH": "patch"
        case "DELETE": resource.name == nil ? "deletecollection" : "delete"
        default: method.lowercased()
        }
    }
}
