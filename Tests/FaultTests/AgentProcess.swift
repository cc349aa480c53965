import ClusterAPI
import Enrolment
import KubernetesModel
import Logging
import NIOPosix
import OffloadingModel
import PeerTransport
import Sessions
import Synchronization
import TLSTransport
import TestKit
import Wire

@testable import Agent

/// One life of a real agent. The run calls its reconcilers, feeds its informers and hands it what arrives.
final class AgentProcess {
    enum Job: Hashable, CustomStringConvertible {
        case namespace(String)
        case pod(HubItem)
        case status(String)
        case ending(String)

        var description: String {
            switch self {
            case .namespace(let name): "namespace \(name)"
            case .pod(let item): "pod \(item.key)"
            case .status(let id): "status \(id)"
            case .ending(let id): "ending \(id)"
            }
        }
    }

    let agent: Agent
    let life: Life
    let cluster: DurableCluster
    private(set) var feeds: [Feed]
    var dials = Dials()
    /// The attempts that have led to a connection.
    private var served: Set<Int> = []
    var jobs = Jobs<Job>()
    private let fence: Fence
    private let clock: SimulatedClock
    private var nextFence = Duration.zero
    private var nextAdvertisement = Duration.zero
    private var wasAway = false

    init(
        configuration: AgentConfiguration, cluster: FakeCluster, peerings: PeeringDisk, credentials: CredentialDisk,
        authority: PeeringAuthority, steps: PersistedSteps, clock: SimulatedClock, reach: Reach,
        complaints: Complaints,
        ask: @escaping @Sendable (PeerAddress, EnrollMessage) async throws -> EnrolledMessage
    ) throws {
        life = Life(steps)
        let known = Hubs()
        self.cluster = DurableCluster(base: cluster, life: life, reach: reach) { type, name, options in
            guard [.pods, .namespaces].contains(type) else { return }
            if options.uid == nil { complaints.add("\(type) \(name) is deleted by name alone (I3)") }
            let mayDelete = known.all.contains { hub in
                hub.isComplete || hub.isEnding || ["fenced", "shop", "even"].contains { hub.isClosed($0) }
            }
            if !mayDelete { complaints.add("\(type) \(name) is deleted before all wants are known (I3)") }
        }
        self.clock = clock
        var logger = Logger(label: "agent")
        logger.logLevel = .critical
        let (name, board) = (configuration.clusterName, dials.board)
        agent = try Agent(
            configuration: configuration, cluster: self.cluster, authority: authority,
            peerings: DurablePeerings(disk: peerings, life: life),
            credentials: DurableCredentials(disk: credentials, life: life),
            group: MultiThreadedEventLoopGroup.singleton,
            dialler: { route in
                board.join(route.address, ask: ask)
            }, logger: logger, now: { clock.wall(name) })
        known.context = agent.context
        feeds = agent.context.informers.map { Feed($0) }
        fence = Fence(
            context: agent.context, reconcilers: agent.reconcilers,
            clock: { HeardMark(boot: "boot", uptime: clock.uptime, time: clock.wall(name)) })
    }

    /// The agent's hubs, for who was made before the agent.
    private final class Hubs: Sendable {
        private let held = Mutex<AgentContext?>(nil)
        var context: AgentContext? {
            get { held.withLock { $0 } }
            set { held.withLock { $0 = newValue } }
        }
        var all: [HubPeering] { context?.hubs.all ?? [] }
    }

    func start() async throws {
        try await agent.load()
        while agent.advertiser.health.state == .unknown { _ = await agent.advertiser.health.check() }
        await drain()
    }

    func drain() async {
        let reconcilers = agent.reconcilers
        await jobs.drain(reconcilers.namespaces) { .namespace($0) }
        await jobs.drain(reconcilers.pods) { .pod($0) }
        await jobs.drain(reconcilers.statuses) { .status($0) }
        await jobs.drain(reconcilers.endings.queue) { .ending($0) }
        await dials.board.settle { [] }
        for case (_, let connection?) in dials.follow(clock.now) where !connection.isOverAtEdge {
            // The join was given up: its connection goes with it.
            await connection.agent.close(.shutdown, message: "", epoch: nil)
            connection.isOverAtEdge = true
            if let end = connection.agent.end { await lost(connection, end) }
        }
    }

    /// Ends what tasks there are, after the end of the life.
    func bury() async { await agent.joins.stopAll() }

    /// The informers that have something to read.
    var behind: [Int] {
        let version = cluster.base.version
        return cluster.reach.isAway ? [] : feeds.indices.filter { feeds[$0].isBehind(version) }
    }

    func feed(_ index: Int, chance: Chance) async throws {
        try await feeds[index].step(cluster, chance: chance)
        await drain()
    }

    func work(_ name: String) async throws {
        guard let job = jobs.take(name) else { return }
        let context = agent.context
        do {
            let requeue =
                switch job {
                case .namespace(let name): try await NamespaceReconciler(context: context).reconcile(name)
                case .pod(let item): try await PodReconciler(context: context).reconcile(item)
                case .status(let id): try await agent.reconcilers.foreignClusterReconciler.reconcile(id)
                case .ending(let id): try await agent.reconcilers.endings.reconcile(id)
                }
            if case .after(let delay) = requeue { jobs.add(job, at: clock.now + delay) }
        } catch is Life.Killed {
            throw Life.Killed()
        } catch {
            jobs.add(job, at: clock.now + .milliseconds(100))
        }
        await drain()
    }

    // MARK: - Time

    var nextTick: Duration { [nextFence, nextAdvertisement, jobs.next ?? nextFence].min() ?? .zero }

    func tick() async {
        jobs.wake(clock.now)
        if clock.now >= nextFence {
            nextFence = clock.now + .milliseconds(500)
            if agent.context.isSynced { await fence.look() }
        }
        if clock.now >= nextAdvertisement {
            nextAdvertisement = clock.now + .milliseconds(500)
            if cluster.reach.isAway != wasAway {
                wasAway = cluster.reach.isAway
                _ = await agent.advertiser.health.check()
            }
            for hub in agent.context.hubs.all where hub.isConnected { agent.advertiser.tell(hub) }
        }
        await drain()
    }

    // MARK: - Connections

    /// Deals with what a session has told.
    func take(_ event: PeerSessionEvent, of connection: Connection) async {
        let conversation = agent.acceptor.conversation
        switch event {
        case .established(let agreement):
            await establish(agreement, connection, conversation)
        case .desired(let changes):
            guard let hub = connection.peering else { break }
            agent.reconcilers.take(changes, from: hub)
            connection.agent.consumed(.desired, changes.sequence)
        case .suspected(let silence):
            connection.peering?.isSilent(for: silence, on: connection.agent)
        case .recovered:
            connection.peering?.isSilent(for: nil, on: connection.agent)
        case .observed, .received, .stream:
            break
        }
        await drain()
    }

    private func establish(
        _ agreement: PeerEstablished, _ connection: Connection, _ conversation: HubConversation
    ) async {
        switch await conversation.admit(agreement) {
        case .refused(let error):
            connection.agent.refuse(error)
        case .admitted(let hub):
            if connection.isJoined {
                if let id = dials.id(of: connection), served.insert(id).inserted {
                    await cluster.forgetToken(of: World.hubName, .incoming)
                }
                agent.joins.tell(hub.clusterID, nil)
            }
            let digest = await conversation.begin(
                hub, connection.agent, agreement, connection.identity, isDialled: connection.isJoined)
            guard let digest else {
                return connection.agent.refuse(
                    ErrorMessage(code: .unavailable, message: "the certificate was replaced or revoked meanwhile"))
            }
            connection.peering = hub
            connection.undigested = digest
            agent.reconcilers.statusChanged(hub)
            agent.advertiser.tell(hub)
        }
    }

    /// Says what there is, as soon as the cluster has been read.
    func synchronise(_ connection: Connection) async {
        guard agent.context.isSynced, let hub = connection.peering, let digest = connection.undigested else { return }
        connection.undigested = nil
        await agent.acceptor.conversation.synchronise(hub, connection.agent, digest)
        await drain()
    }

    func lost(_ connection: Connection, _ end: PeerSessionEnd) async {
        guard let hub = connection.peering else { return }
        await agent.acceptor.conversation.lost(hub, connection.identity, end)
        if hub.detach(connection.agent) { agent.reconcilers.statusChanged(hub) }
        if connection.isJoined { agent.joins.tell(hub.clusterID, PeeringCondition(.pending, "HubUnreachable")) }
        await drain()
    }
}
