import Enrolment
import PeerTransport
import Sessions
import TLSTransport
import TestKit
import Testing
import Wire

/// Certificates that are not good, at a real hub that edges join and at a real agent that hubs dial.
@Suite("Attacks on a listener", .timeLimit(.minutes(3)), .serialized) struct ListenerAttackTests {
    @Test(
        "no certificate but those that were issued, within their time and for their own peer, comes as far as a session (A5)",
        arguments: Way.allCases)
    func certificates(_ way: Way) async throws {
        let pair = try await PeeredPair(way)
        try await pair.run {
            try await pair.peer()
            try await eventually("peered", within: .seconds(60)) { try await pair.isEstablished() }
            let (id, authority) = (pair.dialler.id, pair.issuer.current)
            let now = Int64(PeeredPair.now())
            let profile = CertificateProfile.peerClient(clusterID: id, validity: 3600)
            func identity(_ change: (inout CertificateProfile) -> Void = { _ in }, at time: Int64? = nil) throws
                -> Identity
            {
                var profile = profile
                change(&profile)
                return try authority.makeIdentity(profile, now: time ?? now)
            }
            let other = try CertificateAuthority.create(commonName: way == .hubDials ? "edge" : "hub", now: now)
            let refusedByTLS: [(String, Identity)] = [
                ("expired", try identity(at: now - 7200)), ("not yet valid", try identity(at: now + 3600)),
                ("a name too many", try identity { $0.dnsNames = ["x.example"] }),
                ("an address too many", try identity { $0.ipAddresses = ["127.0.0.1"] }),
                ("an organization too many", try identity { $0.organizations = ["system:masters"] }),
                ("a use too many", try identity { $0.usages = [.client, .server] }),
                ("a listener's", try identity { $0.usages = .server }),
                ("of an authority that has the name only", try other.makeIdentity(profile, now: now)),
            ]
            // Good in themselves, and known to nobody.
            let neverIssued: [(String, Identity)] = [
                ("of the peer itself, and never issued", try identity()),
                ("of nobody", try identity { $0.commonName = "somebody" }),
            ]
            for (what, identity) in refusedByTLS + neverIssued {
                let error = await #expect(throws: PeerDialError.self, "\(what)") {
                    try await pair.dial(with: identity, as: identity.leaf.subject.commonName)
                }
                #expect(error?.isTransient == false, "\(what): \(String(describing: error))")
            }
            // The peer's own certificate does not speak for another one.
            let own = try #require(try await pair.credentials()).identity
            let error = await #expect(throws: PeerDialError.self) { try await pair.dial(with: own, as: "somebody") }
            #expect(error?.end.error?.code == .identity || error?.end.error?.code == .duplicate)
            let audit = way == .hubDials ? pair.edgeAudit : pair.hubAudit
            #expect(audit.count(of: "certificate-refused") == refusedByTLS.count)
            #expect(audit.count(of: "peer-refused") == neverIssued.count)
            #expect(try await pair.isEstablished())
            #expect(pair.hubAudit.count(of: "disconnected") == 0)
        }
    }
}
