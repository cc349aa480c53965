import ClusterAPI
import Digests
import JSONTree
import KubernetesModel
import OffloadingModel
import PeerTransport
import Sessions
import TLSTransport
import TestKit

/// What people ask for, as `causewayctl` and `kubectl` do it, and whether they get it in time.
final class User {
    enum Peering: Hashable {
        case peered
        /// `outgoingPeeringEnabled: No`.
        case withdrawn
        case unpeered
    }

    private struct Command {
        let what: String
        /// How long it may take while the hub is there.
        var left: Duration
        let isDone: (World) async throws -> Bool
    }

    private(set) var peerings: [String: Peering] = [:]
    /// Namespaces that are to be offloaded, with their annotations; `nil` for those that are not any more.
    private(set) var offloadings: [String: [String: String]?] = [:]
    private var commands: [Command] = []
    private var lastLook = Duration.zero
    private var lastToken: [String: Duration] = [:]
    /// The names of the Secrets that stand for an edge's tokens, where they were made.
    private var issued: [String: Set<String>] = [:]
    /// How often a peering had to be made anew because one side refused the other's certificate.
    private(set) var tokens = 0

    // MARK: - Asking

    func peer(_ edge: String, in world: World) async throws {
        peerings[edge] = .peered
        world.note("user peers \(edge)")
        let origin = world.origin.cluster
        if try world.site(edge).joins, try await origin.find(.foreignClusters, name: edge) != nil {
            // It may have been withdrawn there.
            _ = try await origin.merge(.foreignClusters, name: edge, ["spec": ["outgoingPeeringEnabled": "Yes"]])
        }
        try await ask(edge, in: world)
    }

    func unpeer(_ edge: String, in world: World) async throws {
        peerings[edge] = .unpeered
        world.note("user unpeers \(edge)")
        if try world.site(edge).joins {
            // A token that is still good lets its edge join again: who does not want that takes it back.
            let origin = world.origin.cluster
            for secret in try await origin.list(.secrets, namespace: Names.systemNamespace).items
            where issued[edge]?.contains(secret.name) == true {
                try await origin.deleteIfPresent(.secrets, namespace: Names.systemNamespace, name: secret.name)
            }
        }
        try await world.origin.cluster.deleteIfPresent(.foreignClusters, name: edge)
        let uid = try await world.origin.cluster.find(.foreignClusters, name: edge)?.uid
        expect("unpeering \(edge)") { world in
            try await world.origin.cluster.find(.foreignClusters, name: edge).map { $0.uid != uid } ?? true
        }
    }

    /// Withdraws the peering, or resumes it.
    func want(_ edge: String, _ peering: Peering, in world: World) async throws {
        guard try await world.origin.cluster.find(.foreignClusters, name: edge) != nil else { return }
        peerings[edge] = peering
        world.note("user wants \(edge) \(peering)")
        let answer: JSON = peering == .peered ? "Yes" : "No"
        _ = try await world.origin.cluster.merge(
            .foreignClusters, name: edge, ["spec": ["outgoingPeeringEnabled": answer]])
        guard peering == .withdrawn else { return }
        expect("withdrawing \(edge)") { world in
            guard world.user.peerings[edge] == .withdrawn,
                let object = try await world.origin.cluster.find(.foreignClusters, name: edge)
            else { return true }
            return ForeignCluster(object).condition(.outgoing).reason == "Withdrawn"
        }
    }

    /// Has the edge revoke the hub's certificate; the hub comes back with a new token, unless it is unpeered meanwhile.
    ///
    /// Where the edge dials it is the hub that revokes the edge's.
    func revoke(_ edge: String, in world: World) async throws {
        let site = try world.site(edge)
        let cluster = site.joins ? world.origin.cluster : site.cluster
        let name = site.joins ? edge : World.hubName
        guard peerings[edge] == .peered, try await cluster.find(.foreignClusters, name: name) != nil else {
            return
        }
        world.note("user has the certificate for \(edge) revoked")
        _ = try await cluster.merge(
            .foreignClusters, name: name, ["metadata": ["annotations": [Names.revokeAnnotation: "true"]]])
    }

    func offload(_ namespace: String, _ annotations: [String: String] = [:], in world: World) async throws {
        let cluster = world.origin.cluster
        guard try await cluster.find(.namespaceOffloadings, namespace: namespace, name: Names.offloading) == nil
        else { return }
        world.note("user offloads \(namespace)")
        if try await cluster.find(.namespaces, name: namespace) == nil {
            _ = try await cluster.create(.namespaces, KubernetesObject(.namespaces, name: namespace))
        }
        offloadings[namespace] = annotations
        _ = try await cluster.create(
            .namespaceOffloadings,
            KubernetesObject(
                .namespaceOffloadings, name: Names.offloading, namespace: namespace,
                [
                    "metadata": ["annotations": JSON(annotations)],
                    "spec": ["namespaceMappingStrategy": "EnforceSameName", "podOffloadingStrategy": "Remote"],
                ]))
    }

    func unoffload(_ namespace: String, in world: World) async throws {
        world.note("user unoffloads \(namespace)")
        offloadings[namespace] = .some(nil)
        let cluster = world.origin.cluster
        guard let object = try await cluster.find(.namespaceOffloadings, namespace: namespace, name: Names.offloading)
        else { return }
        try await cluster.deleteIfPresent(.namespaceOffloadings, namespace: namespace, name: Names.offloading)
        expect("unoffloading \(namespace)") { world in
            try await world.origin.cluster.find(.namespaceOffloadings, namespace: namespace, name: Names.offloading)
                .map { $0.uid != object.uid } ?? true
        }
    }

    func isOffloaded(_ namespace: String) -> Bool { (offloadings[namespace] ?? nil) != nil }

    /// Every command ends within 20 s and what it takes to notice, whatever the other side does (I6).
    private func expect(_ what: String, _ isDone: @escaping (World) async throws -> Bool) {
        commands.append(Command(what: what, left: .seconds(35), isDone: isDone))
    }

    /// Does nothing more about a peering, whatever becomes of it.
    func leave(_ edge: String) { peerings[edge] = nil }

    // MARK: - Waiting

    /// Looks what has become of what was asked for.
    func look(_ world: World) async throws {
        let now = world.clock.now
        guard now - lastLook >= .milliseconds(500) else { return }
        let passed = now - lastLook
        lastLook = now
        var open: [Command] = []
        for var command in commands {
            if try await command.isDone(world) { continue }
            if world.hub != nil { command.left -= passed }
            if command.left < .zero {
                world.ledger.violated("\(command.what) did not end in time (I6)")
            } else {
                open.append(command)
            }
        }
        commands = open
        for edge in peerings.keys.sorted() where peerings[edge] == .peered { try await insist(edge, world) }
    }

    /// Peers anew where there is no peering yet, or where one side has refused the other: as the conditions tell people to.
    private func insist(_ edge: String, _ world: World) async throws {
        guard world.clock.now - (lastToken[edge] ?? .seconds(-100)) >= .seconds(3) else { return }
        let way = try Way(edge, world)
        guard let object = try await way.cluster.find(.foreignClusters, name: way.name) else {
            return try await ask(edge, in: world)
        }
        let authentication = ForeignCluster(object).condition(.authentication, of: way.direction)
        let secret = try await way.cluster.find(.secrets, namespace: Names.systemNamespace, name: way.secret)
        guard !object.isBeingDeleted, secret == nil,
            authentication.status == .denied || authentication.status == .error || authentication.reason == "NoToken"
        else { return }
        try await ask(edge, in: world)
    }

    /// Who dials whom, and so where a token is made and where it is used.
    private struct Way {
        let direction: PeeringDirection
        /// Of the side that dials.
        let cluster: FakeCluster
        /// What stands there for the other one.
        let name: String
        let issuer: (cluster: FakeCluster, authority: CertificateAuthority, clock: String)
        let wanted: ForeignCluster

        var secret: String { Names.tokenSecret(foreignCluster: name, direction) }

        init(_ edge: String, _ world: World) throws {
            let site = try world.site(edge)
            if site.joins {
                (direction, cluster, name) = (.incoming, site.cluster, World.hubName)
                issuer = (world.origin.cluster, world.hubAuthority, World.hubName)
                wanted = ForeignCluster(
                    name: name, clusterID: World.hubID, clusterName: name, authURL: "", hubURL: World.hubAddress.url,
                    outgoing: .no, incoming: .yes)
            } else {
                (direction, cluster, name) = (.outgoing, world.origin.cluster, edge)
                issuer = (site.cluster, site.authority, edge)
                wanted = ForeignCluster(
                    name: edge, clusterID: site.clusterID, clusterName: edge, authURL: site.address.url,
                    outgoing: .yes, incoming: .auto)
            }
        }
    }

    /// A new token, and the ForeignCluster that has it.
    func ask(_ edge: String, in world: World) async throws {
        let way = try Way(edge, world)
        let known = try await way.cluster.find(.foreignClusters, name: way.name)
        // Whoever is being unpeered is waited for.
        guard known?.isBeingDeleted != true else { return }
        lastToken[edge] = world.clock.now
        tokens += 1
        world.note("user has a token for \(edge)")
        let token = try PeerToken.make(
            randomBytes: RandomBytes.generate(count: PeerToken.randomByteCount),
            authorityPin: way.issuer.authority.certificate.subjectPublicKeyInfoSHA256)
        let record = try TokenRecord(
            token: token, secretHash: SHA256.hash(token.secret), now: world.clock.wall(way.issuer.clock))
        _ = try await way.issuer.cluster.create(.secrets, record.secret)
        issued[edge, default: []].insert(record.secret.name)
        try await way.cluster.deleteIfPresent(.secrets, namespace: Names.systemNamespace, name: way.secret)
        _ = try await way.cluster.create(
            .secrets,
            KubernetesObject(
                .secrets, name: way.secret, namespace: Names.systemNamespace,
                ["data": ["token": .string(Base64.encode(Array(token.text.utf8)))]]))
        if known != nil {
            var fields: JSON = [
                "metadata": ["annotations": [Names.tokenIDAnnotation(way.direction): .string(token.id)]]
            ]
            if way.direction == .outgoing { fields["spec"] = ["outgoingPeeringEnabled": "Yes"] }
            _ = try await way.cluster.merge(.foreignClusters, name: way.name, fields)
        } else {
            _ = try await way.cluster.create(.foreignClusters, way.wanted.object)
        }
    }
}
