import Enrolment
import KubernetesModel
import Logging
import NIOPosix
import OffloadingModel
import PeerTransport
import Sessions
import TLSTransport
import TestKit
import Wire

@testable import ClusterAPI
@testable import Hub

/// One life of a real hub. The run calls its reconcilers, feeds its informers, dials for it and hands it what arrives.
final class HubProcess {
    enum Job: Hashable, CustomStringConvertible {
        case peering(String)
        case offloading(String)
        case pod(ObjectKey)
        case adoption(ObjectKey)

        var description: String {
            switch self {
            case .peering(let name): "peering \(name)"
            case .offloading(let namespace): "offloading \(namespace)"
            case .pod(let key): "pod \(key)"
            case .adoption(let key): "adoption \(key)"
            }
        }
    }

    let hub: Hub
    let life: Life
    let cluster: DurableCluster
    private(set) var feeds: [Feed]
    var jobs = Jobs<Job>()
    private(set) var isReady = false
    var dials = Dials()
    /// The connections of edges that have joined, by their names.
    private var joined: [String: Connection] = [:]
    /// What is known of them outlives connections, as long as their peerings do.
    private var joinedCopies: [String: ObservedCopy] = [:]
    /// Outlive connections, as long as their attempt does.
    private var copies: [Int: ObservedCopy] = [:]
    private let clock: SimulatedClock
    private var nextLook = Duration.zero
    private let rebalancer: Rebalancer
    private var nextMove = Duration.zero

    init(
        configuration: HubConfiguration, cluster: FakeCluster, credentials: CredentialDisk,
        authority: PeeringAuthority, peerings: PeeringDisk, steps: PersistedSteps, clock: SimulatedClock, reach: Reach,
        events: EventCount,
        ask: @escaping @Sendable (PeerAddress, EnrollMessage) async throws -> EnrolledMessage
    ) throws {
        life = Life(steps)
        self.cluster = DurableCluster(base: cluster, life: life, reach: reach, recording: { events.note($0) })
        self.clock = clock
        var logger = Logger(label: "hub")
        logger.logLevel = .critical
        let board = dials.board
        let name = configuration.clusterName
        hub = try Hub(
            configuration: configuration, cluster: self.cluster,
            credentials: DurableCredentials(disk: credentials, life: life), authority: authority,
            peerings: DurablePeerings(disk: peerings, life: life), endpoints: NodeEndpoints(),
            transport: PeerTransportConfiguration(), group: MultiThreadedEventLoopGroup.singleton,
            dialler: { address, _, purpose in
                SimulatedDialler(id: board.made(), address: address, purpose: purpose, board: board, ask: ask)
            },
            logger: logger, now: { clock.wall(name) }, instant: { clock.instant })
        rebalancer = Rebalancer(context: hub.context, advice: hub.advice)
        feeds = hub.context.informers.map { Feed($0) }
    }

    func drain() async {
        await jobs.drain(hub.foreignClusters.queue) { .peering($0) }
        await jobs.drain(hub.offloadings.queue) { .offloading($0) }
        await jobs.drain(hub.pods.queue) { .pod($0) }
        await jobs.drain(hub.adoptions.queue) { .adoption($0) }
        let hub = hub
        await dials.board.settle { hub.links.farewells.pending }
        for (id, connection) in dials.follow(clock.now) {
            copies[id] = nil
            // The link was given up: its connection goes with it.
            guard let connection, !connection.isOverAtHub else { continue }
            await connection.hub.close(.shutdown, message: "", epoch: nil)
            connection.isOverAtHub = true
            if let end = connection.hub.end, let talk = connection.talk { finish(talk, end) }
        }
    }

    var behind: [Int] {
        let version = cluster.base.version
        return cluster.reach.isAway ? [] : feeds.indices.filter { feeds[$0].isBehind(version) }
    }

    func feed(_ index: Int, chance: Chance) async throws {
        try await feeds[index].step(cluster, chance: chance)
        if !isReady, feeds.allSatisfy(\.isRead) {
            try await hub.bind()
            try await hub.begin()
            isReady = true
        }
        if isReady { await drain() }
    }

    func work(_ name: String) async throws {
        guard let job = jobs.take(name) else { return }
        do {
            let requeue =
                switch job {
                case .peering(let name): try await hub.foreignClusters.reconcile(name)
                case .offloading(let namespace): try await hub.offloadings.reconcile(namespace)
                case .pod(let key): try await hub.pods.reconcile(key)
                case .adoption(let key): try await hub.adoptions.reconcile(key)
                }
            if case .after(let delay) = requeue { jobs.add(job, at: clock.now + delay) }
        } catch is Life.Killed {
            throw Life.Killed()
        } catch {
            jobs.add(job, at: clock.now + .milliseconds(100))
        }
        await drain()
    }

    /// Ends what tasks there are, after the end of the life.
    func bury() async { await hub.links.stopAll() }

    // MARK: - Time

    var nextTick: Duration { min(nextLook, jobs.next ?? nextLook) }

    func tick() async {
        jobs.wake(clock.now)
        guard clock.now >= nextLook else { return }
        nextLook = clock.now + .milliseconds(250)
        if isReady {
            await hub.lookForSilence()
            if clock.now >= nextMove {
                nextMove = clock.now + .seconds(1)
                await rebalancer.look(at: clock.instant)
            }
            await drain()
        }
    }

    // MARK: - Connections

    /// Deals with what a session has told.
    ///
    /// - Parameter id: of the attempt that made the connection; `nil` where the edge has dialled.
    func take(_ event: PeerSessionEvent, of connection: Connection, _ id: Int?) async {
        if case .farewell = connection.purpose {
            guard case .established = event else { return }
            return await connection.hub.close(.unpeered, message: "", epoch: nil)
        }
        switch event {
        case .established(let agreement) where connection.isJoined:
            await serve(connection, agreement)
        case .established(let agreement):
            guard let id, case .peering(let name) = connection.purpose,
                let object = hub.context.foreignClusters.get(name: name)
            else { return await connection.hub.close(.shutdown, message: "", epoch: nil) }
            if copies[id] == nil { await cluster.forgetToken(of: name, .outgoing) }
            let copy = copies[id] ?? ObservedCopy()
            copies[id] = copy
            begin(connection, ForeignCluster(object), agreement, copy)
        case .observed(let changes):
            connection.talk?.take(changes)
            connection.hub.consumed(.observed, changes.sequence)
        case .received(.advertise(let message)):
            connection.talk?.take(message)
        case .suspected(let silence):
            connection.talk?.suspected(for: silence)
        case .recovered:
            connection.talk?.recovered()
        case .desired, .received, .stream:
            break
        }
        await drain()
    }

    private func begin(
        _ connection: Connection, _ cluster: ForeignCluster, _ agreement: PeerEstablished, _ copy: ObservedCopy
    ) {
        let talk = EdgeConversation(cluster: cluster, context: hub.context, copy: copy)
        connection.talk = talk
        connection.hub.hold(talk.begin(agreement))
        hub.links.attach(cluster.name, connection.hub)
    }

    /// Takes the connection of an edge that has dialled, as `EdgeLinks` does with those of sockets.
    private func serve(_ connection: Connection, _ agreement: PeerEstablished) async {
        guard let cluster = hub.links.joinedCluster(agreement.peer.clusterID),
            cluster.clusterName == agreement.peer.clusterName
        else { return connection.hub.refuse(ErrorMessage(code: .unavailable, message: "no ForeignCluster yet")) }
        await hub.links.start(cluster)
        if let old = joined[cluster.name], old !== connection, !old.isOverAtHub {
            // One that answers stays; the other agent is a clone.
            guard old.hub.end != nil || old.agent.end != nil else {
                return connection.hub.refuse(ErrorMessage(code: .duplicate, message: "connected already"))
            }
            await old.hub.close(.replaced, message: "", epoch: nil)
            old.isOverAtHub = true
            if let end = old.hub.end, let talk = old.talk { finish(talk, end) }
        }
        guard await hub.links.joined.book.record(provedBy: connection.identity) != nil else {
            return connection.hub.refuse(ErrorMessage(code: .unavailable, message: "revoked meanwhile"))
        }
        joined[cluster.name] = connection
        let peering = "\(cluster.name) \(cluster.object.uid)"
        let copy = joinedCopies[peering] ?? ObservedCopy()
        joinedCopies[peering] = copy
        begin(connection, cluster, agreement, copy)
    }

    /// The connection has ended at the hub's end.
    func lost(_ connection: Connection, _ end: PeerSessionEnd) async {
        guard let talk = connection.talk else { return }
        finish(talk, end)
        await drain()
    }

    private func finish(_ talk: EdgeConversation, _ end: PeerSessionEnd) {
        talk.lost(end)
        hub.links.detach(talk.cluster.name)
        talk.end()
    }
}
