import Enrolment
import NIOPosix
import OffloadingModel
import PeerTransport
import Synchronization
import TLSTransport
import TestKit
import Wire

/// The side that dials holds a certificate of the other one.
extension PeeredPair {
    var dialler: (id: String, peer: String, folder: String) {
        way == .hubDials
            ? (Self.hubID, Self.edgeID, folder.path) : (Self.edgeID, Self.hubID, edgeFolder.path)
    }

    func startDialler() async throws { if way == .hubDials { try await startHub() } else { try await startAgent() } }
    func stopDialler() async { if way == .hubDials { await stopHub() } else { await stopAgent() } }
    func startIssuer() async throws { if way == .hubDials { try await startAgent() } else { try await startHub() } }
    func stopIssuer() async { if way == .hubDials { await stopAgent() } else { await stopHub() } }

    /// Sets the issuer's clock this far from the real one.
    func setIssuerClock(_ seconds: Int) {
        clocks.withLock { clocks in
            if way == .hubDials { clocks.edge = seconds } else { clocks.hub = seconds }
        }
    }

    var issuer: Authorities {
        get { authorities.withLock { way == .hubDials ? $0.edge : $0.hub } }
        set {
            authorities.withLock { authorities in
                if way == .hubDials { authorities.edge = newValue } else { authorities.hub = newValue }
            }
        }
    }

    private func store() throws -> FileCredentialStore { try FileCredentialStore(stateFolder: dialler.folder) }

    /// What the dialler has kept.
    func credentials() async throws -> PeerCredentials? { try await store().load(dialler.peer) }

    /// Replaces the dialler's certificate by one for the same key that was issued so many seconds ago.
    func age(by seconds: Int) async throws {
        guard var held = try await credentials() else { return }
        let old = try issuer.current.issue(
            .peerClient(clusterID: dialler.id), for: held.identity.privateKey.publicKey,
            now: Int64(Self.now() - seconds))
        held.identity = try Identity(chain: [old], privateKey: held.identity.privateKey)
        try await store().save(held)
    }

    /// Gives the dialler a certificate that it had before.
    func restore(_ identity: Identity) async throws {
        guard var held = try await credentials() else { return }
        held.identity = identity
        try await store().save(held)
    }

    /// Dials the side that is dialled as a peer of the other role would, with a certificate of the test's own.
    func dial(with identity: Identity, as id: String) async throws {
        let isAgent = way == .hubDials
        let connection = try await PeerDialler(
            PeerAddress(host: "127.0.0.1", port: isAgent ? port.withLock { $0 } : hubPort.withLock { $0 }),
            group: MultiThreadedEventLoopGroup.singleton
        ).connect(
            tls: try PeerTLS.dialler(
                identity: identity, authorities: [issuer.current.certificate], peerClusterID: dialler.peer),
            hello: HelloMessage(
                softwareVersion: "1", clusterID: id, clusterName: "mallory", role: isAgent ? .hub : .agent,
                epoch: isAgent ? Self.now() * 2 : 0))
        await connection.close()
    }

    /// Of which authority the peer has shown a certificate last, as the issuer remembers it.
    func shownAuthority() async throws -> String? {
        try await FilePeeringStore(stateFolder: way == .hubDials ? edgeFolder.path : folder.path).load()
            .first { $0.clusterID == dialler.id }?.authority
    }

    /// What the dialler says of how it is authenticated.
    func authentication() async throws -> PeeringCondition? {
        let foreign = way == .hubDials ? try await peering() : try await incoming()
        return foreign?.condition(.authentication)
    }
}
