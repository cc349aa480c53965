import KubernetesModel
import OffloadingModel
import PeerTransport
import Testing

@testable import Enrolment

@Suite struct PeerRouteTests {
    private func route(_ url: String, proxy: String? = nil) throws(CredentialProblem) -> PeerRoute {
        var foreign = ForeignCluster(
            name: "rome", clusterID: "id", clusterName: "rome", authURL: url, outgoing: .yes, incoming: .no)
        if let proxy { foreign.object.annotations[Names.proxyAnnotation] = proxy }
        return try PeerRoute(foreign, .outgoing)
    }

    @Test("a peer is dialled where and which way its ForeignCluster says")
    func good() throws {
        #expect(try route("tls://[2001:db8::1]:7443").address == PeerAddress(host: "2001:db8::1", port: 7443))
        #expect(try route("tls://rome.example:7443").proxy == .automatic)
        #expect(try route("tls://rome.example:7443", proxy: "direct").proxy == .direct)
        let proxy = HTTPProxy(PeerAddress(host: "proxy.example", port: 3128))
        #expect(try route("tls://rome.example:7443", proxy: "http://proxy.example:3128").proxy == .proxy(proxy))
    }

    @Test(
        "what cannot be dialled is an error that names the field, and repeats no password",
        arguments: [
            ("https://rome.example:7443", nil, "InvalidURL"), ("tls://rome.example", nil, "InvalidURL"),
            ("tls://rome.example:7443", "https://proxy:1", "InvalidProxy"),
            ("tls://rome.example:7443", "http://me:geheim@proxy:1", "InvalidProxy"),
        ])
    func bad(url: String, proxy: String?, reason: String) {
        let problem = #expect(throws: CredentialProblem.self) { try route(url, proxy: proxy) }
        #expect(problem?.condition.status == .error)
        #expect(problem?.condition.reason == reason)
        #expect(problem?.condition.message.contains("geheim") == false)
    }
}
