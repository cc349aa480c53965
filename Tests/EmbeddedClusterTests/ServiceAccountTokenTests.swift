import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOHTTP1
import Testing

@testable import EmbeddedCluster

@Suite("Tokens of ServiceAccounts")
struct ServiceAccountTokenTests {
    static let claims = ServiceAccountTokens.Claims(
        namespace: "default", name: "robot", uid: "u1", audiences: ["a"], issuedAt: 1000, expiresAt: 2000,
        bound: ServiceAccountTokens.BoundObject(kind: "Pod", name: "web", uid: "u2"))

    @Test("a token says what it was made to say, for as long as it holds, and to its own cluster only")
    func roundTrip() throws {
        let tokens = ServiceAccountTokens(key: Array(repeating: 7, count: 32))
        let token = tokens.issue(Self.claims)
        #expect(tokens.claims(of: token, now: 1500) == Self.claims)
        #expect(tokens.claims(of: token, now: 999) == nil)
        #expect(tokens.claims(of: token, now: 2000) == nil)
        #expect(ServiceAccountTokens(key: Array(repeating: 8, count: 32)).claims(of: token, now: 1500) == nil)
        let parts = token.split(separator: ".")
        var others = Self.claims
        others.id = "2"
        let other = tokens.issue(others).split(separator: ".")
        #expect(tokens.claims(of: "\(parts[0]).\(other[1]).\(parts[2])", now: 1500) == nil)
        #expect(tokens.claims(of: "\(parts[0]).\(parts[1]).", now: 1500) == nil)
    }

    @Test("who brings a token is its ServiceAccount, who may ask who it is and nothing else, until the account goes")
    func bearer() async throws {
        let served = try await ServedCluster()
        let administrator = try served.administrator()
        let path = "/api/v1/namespaces/default/serviceaccounts"
        _ = try await administrator.send(
            .POST, path, headers: ["Content-Type": "application/json"],
            #"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"robot"}}"#)
        let (status, body) = try await administrator.send(
            .POST, "\(path)/robot/token", headers: ["Content-Type": "application/json"],
            #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":600}}"#)
        #expect(status == 201)
        let answer = try JSON(parsing: body)
        #expect(answer["kind"] == "TokenRequest")
        #expect(answer["spec", "expirationSeconds"] == 600)
        let token = try #require(answer["status", "token"]?.string)

        let stranger = try served.http()
        let bearer: HTTPHeaders = ["Authorization": "Bearer \(token)", "Content-Type": "application/json"]
        let (whoStatus, who) = try await stranger.send(
            .POST, "/apis/authentication.k8s.io/v1/selfsubjectreviews", headers: bearer,
            #"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#)
        #expect(whoStatus == 201)
        let user = try JSON(parsing: who)["status", "userInfo"]
        #expect(user?["username"] == "system:serviceaccount:default:robot")
        #expect(user?["groups"]?.strings?.contains("system:serviceaccounts:default") == true)
        #expect(try await stranger.send(.GET, "/api/v1/namespaces/default/pods", headers: bearer).0 == 403)
        let wrong: HTTPHeaders = ["Authorization": "Bearer \(token)x"]
        #expect(try await stranger.send(.GET, "/api/v1/namespaces/default/pods", headers: wrong).0 == 401)

        _ = try await administrator.send(.DELETE, "\(path)/robot")
        #expect(try await stranger.send(.GET, "/api/v1/namespaces/default/pods", headers: bearer).0 == 401)
        for http in [administrator, stranger] { http.shutDown() }
        await served.stop()
    }

    @Test("a token that would hold for less than ten minutes is refused")
    func tooShort() async throws {
        let served = try await ServedCluster()
        let administrator = try served.administrator()
        let path = "/api/v1/namespaces/default/serviceaccounts"
        _ = try await administrator.send(
            .POST, path, headers: ["Content-Type": "application/json"],
            #"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"robot"}}"#)
        let (status, body) = try await administrator.send(
            .POST, "\(path)/robot/token", headers: ["Content-Type": "application/json"],
            #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":60}}"#)
        #expect(status == 422)
        #expect(body.contains("may not specify a duration less than 10 minutes"))
        administrator.shutDown()
        await served.stop()
    }
}
