import ArgumentParser
import ClusterAPI
import ClusterBootstrap
import Digests
import Enrolment
import JSONTree
import KubernetesModel
import OffloadingModel
import TLSTransport
import TestKit
import Testing

@testable import Daemon

@Suite("Replacing the authority over peerings") struct RollAuthorityTests {
    private let temporary = TemporaryFolder()
    private var folder: String { temporary.path }

    private func run(_ words: String...) async throws {
        try await RollAuthority<AgentProgram>.parse(["--state", folder, "--cluster-name", "rome"] + words).run()
    }

    private func authority(now: Int64 = 2000) throws -> PeeringAuthority {
        let files = try StateFiles(folder)
        let current = try files.peeringAuthority(clusterID: try files.clusterID(), now: now)
        return try PeeringAuthority(
            authority: current, successor: files.nextAuthority(after: current),
            predecessor: files.formerAuthority(now: now), clusterID: "x", now: Int(now))
    }

    @Test("takes two steps, and the last one only when every peer has come with a certificate of the next one (F11)")
    func steps() async throws {
        await #expect(throws: DaemonError.self) { try await run() }
        let before = try authority()
        await #expect(throws: DaemonError.self) { try await run("--finish") }
        try await run()
        let between = try authority()
        #expect(between.authority.certificate == before.authority.certificate)
        let next = try #require(between.successor)
        #expect(next.certificate.subject != before.authority.certificate.subject)
        await #expect(throws: DaemonError.self) { try await run() }

        let store = FilePeeringStore(stateFolder: folder)
        var peer = PeeringRecord(
            clusterID: "hub-1", clusterName: "cloud",
            issued: [IssuedCertificate(fingerprint: "f", keyHash: "k", notAfter: 1)], since: 1)
        try await store.save(peer)
        let refusal = await #expect(throws: DaemonError.self) { try await run("--finish") }
        #expect("\(try #require(refusal))".contains("cloud"))
        #expect(try authority().successor?.certificate == next.certificate)

        peer.authority = Hex.encode(next.certificate.subjectPublicKeyInfoSHA256)
        try await store.save(peer)
        try await run("--finish")
        let after = try authority()
        #expect(after.authority.certificate == next.certificate)
        #expect(after.successor == nil)
        #expect(after.predecessor == before.authority.certificate)
    }

    @Test("a last step that was cut short is whole at the next start")
    func cutShort() async throws {
        _ = try authority()
        try await run()
        let next = try #require(try authority().successor)
        try StateFiles(folder).write(next, StateFiles.authorityFile)
        #expect(try authority().successor == nil)
        #expect(try authority().authority.certificate == next.certificate)
    }

    @Test("the former authority is forgotten when no certificate of it can be good any more")
    func forgotten() async throws {
        let before = try authority().authority
        try await run()
        let next = try #require(try authority().successor)
        try StateFiles(folder).promote(next, over: before, now: 1000)
        let end = 1000 + CertificateProfile.peerValidity
        #expect(try StateFiles(folder).formerAuthority(now: end) == before.certificate)
        #expect(try StateFiles(folder).formerAuthority(now: end + 1) == nil)
    }

    @Test(
        "takes the same steps on a real cluster, in its Secret, and damages none",
        arguments: [ClusterInfo.Role.hub, .agent])
    func inSecrets(_ role: ClusterInfo.Role) async throws {
        let cluster = FakeCluster()
        let secrets = SystemSecrets(cluster, of: role == .agent ? "agent" : "")
        let store = SecretAuthority(secrets: secrets)
        let peerings = PeeringStores.secrets(cluster, of: role).peerings
        let configuration = try DaemonOptions.parse(["--state", folder, "--cluster-name", "rome"]).configuration()
        func run(_ words: String...) async throws {
            let words = ["--state", folder, "--cluster-name", "rome"] + words
            if role == .hub {
                try await RollAuthority<HubProgram>.parse(words).run(store, peerings, configuration)
            } else {
                try await RollAuthority<AgentProgram>.parse(words).run(store, peerings, configuration)
            }
        }
        await #expect(throws: DaemonError.self) { try await run() }
        let before = try await store.load(clusterID: "x", now: 2000)
        #expect(before.next == nil && before.former == nil)
        await #expect(throws: DaemonError.self) { try await run("--finish") }
        try await run()
        await #expect(throws: DaemonError.self) { try await run() }
        let between = try await store.load(clusterID: "x", now: 2000)
        #expect(between.current.certificate == before.current.certificate)
        let next = try #require(between.next)
        #expect(next.certificate.subject != before.current.certificate.subject)
        #expect(try between.peering("x", now: 2000).successor?.certificate == next.certificate)

        var peer = PeeringRecord(
            clusterID: "peer-1", clusterName: "cloud",
            issued: [IssuedCertificate(fingerprint: "f", keyHash: "k", notAfter: 1)], since: 1)
        try await peerings.save(peer)
        let refusal = await #expect(throws: DaemonError.self) { try await run("--finish") }
        #expect("\(try #require(refusal))".contains("cloud"))
        peer.authority = Hex.encode(next.certificate.subjectPublicKeyInfoSHA256)
        try await peerings.save(peer)
        try await run("--finish")
        let after = try await store.load(clusterID: "x", now: 2000)
        #expect(after.current.certificate == next.certificate && after.next == nil)
        #expect(after.former == before.current.certificate)
        let later = try await store.load(clusterID: "x", now: 1 << 40)
        #expect(later.former == nil)
        // Only this daemon's Secrets are there, and the old key is nowhere.
        let all = try await cluster.list(.secrets).items
        #expect(
            Set(all.map(\.name))
                == (role == .hub
                    ? ["peering-authority", "peering-peer-1"] : ["agent-peering-authority", "agent-peering-peer-1"]))
        let old = Base64.encode(Array(try before.current.key.pem.utf8))
        #expect(!all.contains { $0.json.text().contains(old) })
    }
}
