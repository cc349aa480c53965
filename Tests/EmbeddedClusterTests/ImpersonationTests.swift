import HTTPTransport
import JSONTree
import NIOHTTP1
import TLSTransport
import Testing

@testable import EmbeddedCluster

/// `kubectl --as`.
@Suite("Acting as somebody else")
struct ImpersonationTests {
    private func who(
        _ served: ServedCluster, _ http: HTTPClient, _ headers: HTTPHeaders
    ) async throws -> (Int, JSON) {
        var headers = headers
        headers.add(name: "Content-Type", value: "application/json")
        let (status, body) = try await http.send(
            .POST, "/apis/authentication.k8s.io/v1/selfsubjectreviews", headers: headers,
            #"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#)
        return (status, try JSON(parsing: body))
    }

    @Test("an administrator who acts as somebody is that somebody, and may no more")
    func administrator() async throws {
        let served = try await ServedCluster()
        let http = try served.administrator()
        let (status, body) = try await who(
            served, http,
            [
                "Impersonate-User": "joe", "Impersonate-Group": "g", "Impersonate-Uid": "7",
                "Impersonate-Extra-team%2Fa": "b",
            ])
        #expect(status == 201)
        #expect(
            body["status", "userInfo"]
                == [
                    "username": "joe", "uid": "7", "groups": ["g", "system:authenticated"], "extra": ["team/a": ["b"]],
                ])
        #expect(body["metadata", "creationTimestamp"]?.string != nil)
        let (listed, refusal) = try await http.send(
            .GET, "/api/v1/namespaces/default/pods", headers: ["Impersonate-User": "joe"])
        #expect(listed == 403)
        #expect(
            try JSON(parsing: refusal)["message"]
                == #"pods is forbidden: User "joe" cannot list resource "pods" in API group "" in the namespace "default""#
        )
        let (_, account) = try await who(served, http, ["Impersonate-User": "system:serviceaccount:shop:robot"])
        #expect(
            account["status", "userInfo", "groups"]
                == ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"])
        #expect(try await who(served, http, ["Impersonate-Group": "g"]).0 == 400)
        http.shutDown()
        await served.stop()
    }

    @Test("whoever is no administrator may not act as others, and is known by the certificate's hash")
    func others() async throws {
        let served = try await ServedCluster()
        let identity = try served.authority().makeIdentity(
            .user("eve", groups: ["readers"]), now: Int64(WallClock.seconds()))
        let http = try served.http(identity)
        let (status, body) = try await who(served, http, ["Impersonate-User": "joe"])
        #expect(status == 403)
        #expect(
            body["message"]
                == """
                users "joe" is forbidden: User "eve" cannot impersonate resource "users" in API group "" at the cluster scope
                """)
        let (_, own) = try await who(served, http, [:])
        let id = own["status", "userInfo", "extra", "authentication.kubernetes.io/credential-id"]?.array?.first?.string
        #expect(id?.hasPrefix("X509SHA256=") == true && id?.count == 75)
        http.shutDown()
        await served.stop()
    }
}
