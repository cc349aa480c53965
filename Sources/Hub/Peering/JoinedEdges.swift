import ClusterAPI
import Enrolment
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Wire

/// The edges that have joined by a token of this hub: who they are, and the ForeignClusters that stand for them.
struct JoinedEdges: Sendable {
    let context: HubContext
    let book: PeeringBook
    /// Those that edges join by. One desk for all: it remembers who guesses.
    let tokens: TokenDesk

    init(context: HubContext, book: PeeringBook) {
        self.context = context
        self.book = book
        tokens = TokenDesk(cluster: context.cluster, role: .hub, logger: context.logger, now: context.now)
    }

    /// Whether an edge has joined.
    func contains(_ clusterID: String) async -> Bool { await book.record(clusterID) != nil }

    /// Whether an edge with a good token may join.
    ///
    /// - Throws: `EnrolmentRefusal`, and what the cluster throws.
    func admit(_ request: EnrollMessage) async throws {
        let origin = context.configuration.clusterName
        for object in try await context.cluster.list(.foreignClusters).items {
            let known = ForeignCluster(object)
            let isSame = known.clusterID == request.clusterID
            guard
                isSame || known.name == request.clusterName
                    || known.virtualNode == Names.virtualNode(request.clusterName)
            else { continue }
            guard isSame else {
                throw EnrolmentRefusal(
                    "\(origin) is peered with another cluster of the name \(request.clusterName) (\(known.clusterID)); "
                        + "unpeer that one first, or rename yours")
            }
            guard !known.object.isBeingDeleted else {
                throw EnrolmentRefusal(
                    "\(origin) is just unpeering \(request.clusterName); try again when that is done", .busy)
            }
            guard known.authURL.isEmpty else {
                throw EnrolmentRefusal(
                    "\(origin) is peered with \(request.clusterName) already and dials it; there, run "
                        + "'causewayctl unpeer out-of-band \(known.name)' first to peer the other way round")
            }
        }
    }

    /// Makes the ForeignCluster that stands for an edge which has joined, where it is missing.
    func enrolled(_ record: PeeringRecord) async throws {
        context.edges.update(record.clusterName) { edge in
            if [.denied, .error].contains(edge.authentication.status) {
                edge.authentication = PeeringCondition(.pending, "Enrolled")
            }
        }
        var new = ForeignCluster(
            name: record.clusterName, clusterID: record.clusterID, clusterName: record.clusterName, authURL: "",
            outgoing: .yes, incoming: .auto)
        // Known as the hub's from the start: without an address, nothing else tells it from that of a hub which peers with us.
        new.object.finalizers = [Names.peeringFinalizer]
        do {
            _ = try await context.cluster.create(.foreignClusters, new.object)
        } catch let error as APIError where error.isAlreadyExists {
            try await claim(record)
        }
    }

    /// Makes the object that stands for a hub of this cluster stand for an edge as well. An edge that has joined before finds
    /// its own as it was.
    private func claim(_ record: PeeringRecord) async throws {
        guard let object = try await context.cluster.find(.foreignClusters, name: record.clusterName),
            !ForeignCluster(object).isEdge, ForeignCluster(object).clusterID == record.clusterID
        else { return }
        _ = try await context.cluster.update(.foreignClusters, Self.claimed(object))
    }

    /// The object as an edge's, from which nothing is wanted yet otherwise.
    static func claimed(_ object: KubernetesObject) -> KubernetesObject {
        var object = object
        object.finalizers.append(Names.peeringFinalizer)
        object.json["spec", "outgoingPeeringEnabled"] = .string(PeeringEnabled.yes.rawValue)
        return object
    }

    /// How an edge that has joined is authenticated as long as it is not connected.
    func authentication(_ clusterID: String) async -> PeeringCondition {
        await book.record(clusterID)?.isRevoked == true
            ? Self.revoked
            : PeeringCondition(.established, "CertificatesValid", "the edge has joined; it dials the hub")
    }

    /// The edge has to come with a new token.
    static let revoked = PeeringCondition(
        .denied, PeeringCondition.revoked,
        "the edge's certificates were revoked; for it to come back, run 'causewayctl generate join-command' here and what it "
            + "prints at the edge")

    /// Forgets an edge: it is refused as not peered from now on, and ends what runs for this hub then.
    func end(_ clusterID: String) async throws {
        do {
            try await book.change(clusterID) { known, _ in
                guard var record = known else { throw NotPeered() }
                record.isEnding = true
                return record
            }
        } catch is NotPeered {
            return
        }
        _ = try await book.removeEnded(clusterID)
    }

    /// Forgets edges whose ForeignCluster has gone while the hub was away: nobody wants their peering any more.
    func settle() async throws {
        let known = Set(context.foreignClusters.objects.map { ForeignCluster($0).clusterID })
        for record in await book.all where !known.contains(record.clusterID) {
            context.logger.info(
                "a peering that an edge had joined is over", metadata: ["edge": "\(record.clusterName)"])
            try await tokens.shutOut(record.clusterID, name: record.clusterName)
            try await end(record.clusterID)
        }
    }
}
