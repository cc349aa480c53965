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

        var description: String {
            switch self {
            case .peering(let name): "peering \(name)"
            case .offloading(let namespace): "offloading \(namespace)"
            case .pod(let key): "pod \(key)"
            }
        }
    }

    /// An attempt to reach an edge, again and again.
    struct Dial {
        let attempt: DialBoard.Attempt
        var backoff: Backoff
        var next: Duration
        var connection: Connection?
    }

    let hub: Hub
    let life: Life
    let cluster: DurableCluster
    let board = DialBoard()
    private(set) var feeds: [Feed]
    var jobs = Jobs<Job>()
    private(set) var isReady = false
    /// By the attempt's number.
    var dials: [Int: Dial] = [:]
    /// Outlive connections, as long as their attempt does.
    private var copies: [Int: ObservedCopy] = [:]
    private let clock: SimulatedClock
    private var nextLook = Duration.zero

    init(
        configuration: HubConfiguration, cluster: FakeCluster, credentials: CredentialDisk,
        authority: PeeringAuthority, steps: PersistedSteps, clock: SimulatedClock, reach: Reach, events: EventCount,
        ask: @escaping @Sendable (PeerAddress, EnrollMessage) async throws -> EnrolledMessage
    ) throws {
        life = Life(steps)
        self.cluster = DurableCluster(base: cluster, life: life, reach: reach, recording: { events.note($0) })
        self.clock = clock
        var logger = Logger(label: "hub")
        logger.logLevel = .critical
        let board = board
        let name = configuration.clusterName
        hub = try Hub(
            configuration: configuration, cluster: self.cluster,
            credentials: DurableCredentials(disk: credentials, life: life), authority: authority,
            peerings: DurablePeerings(disk: PeeringDisk(), life: life), endpoints: NodeEndpoints(),
            transport: PeerTransportConfiguration(), group: MultiThreadedEventLoopGroup.singleton,
            dialler: { address, _, purpose in
                SimulatedDialler(id: board.made(), address: address, purpose: purpose, board: board, ask: ask)
            },
            logger: logger, now: { clock.wall(name) }, instant: { clock.instant })
        feeds = hub.context.informers.map { Feed($0) }
    }

    func drain() async {
        await jobs.drain(hub.foreignClusters.queue) { .peering($0) }
        await jobs.drain(hub.offloadings.queue) { .offloading($0) }
        await jobs.drain(hub.pods.queue) { .pod($0) }
        await board.settle(hub)
        let attempts = board.attempts
        let known = Set(attempts.map(\.id))
        for id in dials.keys.sorted() where !known.contains(id) {
            // The link was given up: its connection goes with it.
            if let connection = dials[id]?.connection, !connection.isOverAtHub {
                await connection.hub.close(.shutdown, message: "", epoch: nil)
                connection.isOverAtHub = true
                if let end = connection.hub.end, let talk = connection.talk { finish(talk, end) }
            }
            dials[id] = nil
            copies[id] = nil
        }
        for attempt in attempts where dials[attempt.id] == nil {
            dials[attempt.id] = Dial(attempt: attempt, backoff: attempt.backoff, next: clock.now)
        }
    }

    var behind: [Int] {
        let version = cluster.base.version
        return cluster.reach.isAway ? [] : feeds.indices.filter { feeds[$0].isBehind(version) }
    }

    func feed(_ index: Int, chance: Chance) async throws {
        try await feeds[index].step(cluster, chance: chance)
        if !isReady, feeds.allSatisfy(\.isRead) {
            isReady = true
            try await hub.begin()
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
                }
            if case .after(let delay) = requeue { jobs.add(job, at: clock.now + delay) }
        } catch is Life.Killed {
            throw Life.Killed()
        } catch {
            jobs.add(job, at: clock.now + .milliseconds(100))
        }
        await drain()
    }

    /// The next attempt comes after the back-off.
    func dialLater(_ id: Int, random: Double) {
        guard var dial = dials[id] else { return }
        dial.next = clock.now + dial.backoff.next(random: random)
        dials[id] = dial
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
            await drain()
        }
    }

    // MARK: - Connections

    /// Deals with what a session has told.
    func take(_ event: PeerSessionEvent, of connection: Connection, _ id: Int) async {
        if case .farewell = connection.purpose {
            guard case .established = event else { return }
            return await connection.hub.close(.unpeered, message: "", epoch: nil)
        }
        switch event {
        case .established(let agreement):
            guard case .peering(let name) = connection.purpose,
                let object = hub.context.foreignClusters.get(name: name)
            else { return await connection.hub.close(.shutdown, message: "", epoch: nil) }
            let copy = copies[id] ?? ObservedCopy()
            copies[id] = copy
            let talk = EdgeConversation(cluster: ForeignCluster(object), context: hub.context, copy: copy)
            connection.talk = talk
            connection.hub.hold(talk.begin(agreement))
            hub.links.attach(name, connection.hub)
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
