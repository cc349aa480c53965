import ClusterAPI
import Enrolment
import KubernetesModel
import OffloadingModel
import PeerTransport
import Sessions
import TLSTransport
import TestKit
import Wire

@testable import Agent
@testable import Hub

/// One origin, its edges and all that is between them, run by a seed: the same seed runs the same way.
///
/// Hub and agents are the real ones: their sessions, reconcilers, records and clocks. What the run owns is time, the order in
/// which things happen, the network, the disks and the machines. Everything happens in one task, one thing after another.
final class World {
    static let hubID = "abcdef01-0000"
    static let hubName = "cloud"
    static let hubAddress = PeerAddress(host: "192.0.2.1", port: 6500)

    let chance: Chance
    let clock = SimulatedClock()
    let ledger = Ledger()
    let origin: Origin
    let messages = MessageCount()
    /// What the hub has told people.
    let hubEvents = EventCount()
    /// What people do with pods through the peerings.
    let visits: VisitBook
    private let line: EnrolmentLine
    private(set) var sites: [String: EdgeSite] = [:]
    private(set) var names: [String] = []

    private(set) var hub: HubProcess?
    var hubDisk = CredentialDisk()
    let hubSteps = PersistedSteps()
    /// Whether the origin's API answers the hub.
    let hubReach = Reach()
    let hubAuthority: CertificateAuthority
    let hubPeerings = PeeringDisk()

    var connections: [Connection] = []
    private var nextControllers = Duration.zero
    /// When each machine's kubelet looks next.
    private var nextLooks: [String: Duration] = [:]
    /// All that was done, as a number: two runs that did the same have the same.
    private(set) var trace: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var actions = 0
    let user = User()
    /// How much less often than usual machines and controllers look: for runs over hours in which nothing happens.
    var slowness = 1
    /// When a program that was killed is started again.
    var restartAfter: ClosedRange<Int> = 0...3000
    private var starts: [String: Duration] = [:]

    /// - Parameter joining: the edges that dial the hub; all others are dialled.
    init(seed: UInt64, edges: [String] = ["rome", "milan"], joining: Set<String> = []) async throws {
        chance = Chance(seed: seed)
        origin = Origin(chance: chance)
        visits = VisitBook(ledger.complaints)
        line = EnrolmentLine(messages)
        hubAuthority = try .create(commonName: "hub", now: Int64(SimulatedClock.start))
        for name in edges { try await add(name, joins: joining.contains(name)) }
        _ = try await origin.cluster.create(.namespaces, KubernetesObject(.namespaces, name: Names.systemNamespace))
    }

    func add(_ name: String, joins: Bool = false) async throws {
        names.append(name)
        sites[name] = try await EdgeSite(name, number: names.count, joins: joins, ledger: ledger)
    }

    func site(_ name: String) throws -> EdgeSite {
        guard let site = sites[name] else { throw Unknown(name: name) }
        return site
    }

    struct Unknown: Error { let name: String }

    // MARK: - Programs

    func startHub() async throws {
        guard hub == nil else { return }
        var configuration = HubConfiguration(clusterID: Self.hubID, clusterName: Self.hubName, version: "1")
        configuration.farewellInterval = .seconds(2)
        let line = line
        hub = try HubProcess(
            configuration: configuration, cluster: origin.cluster, credentials: hubDisk,
            authority: PeeringAuthority(
                authority: hubAuthority, clusterID: Self.hubID, now: SimulatedClock.start),
            peerings: hubPeerings, steps: hubSteps, clock: clock, reach: hubReach, events: hubEvents,
            ask: { try await line.ask($0, $1) })
        if let hub { line.answer(Self.hubAddress, by: hub.hub.port.acceptor, hub.life) }
    }

    func startAgent(_ name: String) async throws {
        let site = try site(name)
        guard site.agent == nil else { return }
        do {
            let (line, address) = (line, site.address)
            try await site.start(clock) { try await line.ask($0, $1, from: address) }
        } catch is Life.Killed {}
        guard let agent = site.agent else { return }
        line.answer(site.address, by: agent.agent.acceptor, agent.life)
        try await bury()
    }

    func killHub() async throws {
        hub?.life.end()
        try await bury()
    }

    func killAgent(_ name: String) async throws {
        try site(name).agent?.life.end()
        try await bury()
    }

    /// Deals with programs that have died: their sockets are closed, and they are started again after a while.
    private func bury() async throws {
        if let dead = hub, dead.life.isOver {
            hub = nil
            note("hub dies")
            await dead.bury()
            for connection in connections where !connection.isOverAtHub {
                connection.hub.lose("killed")
                connection.isOverAtHub = true
            }
            starts["hub"] = clock.now + .milliseconds(chance.below(restartAfter.upperBound) + restartAfter.lowerBound)
        }
        for name in names {
            guard let site = sites[name], let dead = site.agent, dead.life.isOver else { continue }
            site.agent = nil
            note("\(name) dies")
            await dead.bury()
            for connection in connections where connection.edge == name && !connection.isOverAtEdge {
                connection.agent.lose("killed")
                connection.isOverAtEdge = true
            }
            starts[name] = clock.now + .milliseconds(chance.below(restartAfter.upperBound) + restartAfter.lowerBound)
        }
    }

    private func raise() async throws {
        for (name, at) in starts.sorted(by: { $0.key < $1.key }) where at <= clock.now {
            starts[name] = nil
            if name == "hub" { try await startHub() } else { try await startAgent(name) }
        }
    }

    /// A program that was killed stays away until it is started.
    func hold(_ name: String) { starts[name] = nil }

    // MARK: - Network

    func block(_ name: String, _ directions: Set<Connection.Direction> = [.toHub, .toEdge]) throws {
        let site = try site(name)
        site.blocked = directions
        line.block(site.address, !directions.isEmpty)
    }

    func mend(_ name: String) throws { try block(name, []) }

    /// Whether both ends of a connection to the edge think that it is there.
    func isConnected(_ name: String) -> Bool {
        connections.contains { $0.edge == name && $0.hub.end == nil && $0.agent.end == nil && $0.talk != nil }
    }

    /// Whether either end of any connection to the edge thinks that it is there.
    func isHalfOpen(_ name: String) -> Bool {
        connections.contains { $0.edge == name && ($0.hub.end == nil || $0.agent.end == nil) }
    }

    /// How long messages take, at most; half of it at least.
    func delay(_ name: String, _ time: Duration) throws { try site(name).line.delay = time }

    func cut(_ name: String) {
        for connection in connections where connection.edge == name { connection.cut("cut") }
    }

    // MARK: - Running

    /// Lets so much time pass.
    func run(for time: Duration) async throws {
        let end = clock.now + time
        while clock.now < end {
            try Task.checkCancellation()
            try await step(until: end)
        }
    }

    /// Lets time pass until something holds.
    ///
    /// - Returns: whether it did within that time.
    func run(atMost time: Duration, until isMet: () async throws -> Bool) async throws -> Bool {
        let end = clock.now + time
        while clock.now < end {
            if try await isMet() { return true }
            try await run(for: .milliseconds(500))
        }
        return try await isMet()
    }

    private enum Action {
        case feedHub(Int)
        case workHub(String)
        case feedAgent(EdgeSite, Int)
        case workAgent(EdgeSite, String)
        case deliver(Connection, Connection.Direction)
        case over(Connection, Connection.Direction)
        case visit(Connection, Connection.Direction, StreamDuty)
        case synchronise(Connection)
        case dial(Int)
        case join(EdgeSite, Int)
        case controllers
        case machine(EdgeSite)
    }

    /// Does one of the things that can happen now, or lets time pass until something can.
    private func step(until end: Duration) async throws {
        let possible = try possibilities()
        guard !possible.isEmpty else { return try await pass(until: end) }
        actions += 1
        let action = possible[chance.below(possible.count)]
        do {
            try await perform(action)
        } catch is Life.Killed {}
        try await bury()
    }

    private func possibilities() throws -> [Action] {
        let now = clock.now
        var actions: [Action] = []
        for connection in connections {
            let site = try site(connection.edge)
            site.mostWaiting = max(site.mostWaiting, connection.collect(now, site.line, chance))
            for direction in Connection.Direction.allCases where !site.blocked.contains(direction) {
                if let at = connection.nextArrival(direction), at <= now {
                    actions.append(.deliver(connection, direction))
                }
            }
            for direction in Connection.Direction.allCases {
                actions += connection.end(direction).duties.map { .visit(connection, direction, $0) }
            }
            if !connection.isOverAtHub, connection.hub.end != nil { actions.append(.over(connection, .toHub)) }
            if !connection.isOverAtEdge, connection.agent.end != nil { actions.append(.over(connection, .toEdge)) }
            if connection.undigested != nil, site.agent?.agent.context.isSynced == true {
                actions.append(.synchronise(connection))
            }
        }
        if let hub {
            actions += hub.behind.map { .feedHub($0) }
            if hub.isReady { actions += hub.jobs.all.map { .workHub($0) } }
            actions += hub.dials.due(now).map { .dial($0) }
        }
        for name in names {
            let site = try site(name)
            if nextLooks[name] ?? .zero <= now { actions.append(.machine(site)) }
            guard let agent = site.agent else { continue }
            if !site.isSlowToRead { actions += agent.behind.map { .feedAgent(site, $0) } }
            actions += agent.jobs.all.map { .workAgent(site, $0) }
            actions += agent.dials.due(now).map { .join(site, $0) }
        }
        if nextControllers <= now { actions.append(.controllers) }
        return actions
    }

    private func perform(_ action: Action) async throws {
        switch action {
        case .feedHub(let index):
            note("hub reads \(index)")
            try await hub?.feed(index, chance: chance)
        case .workHub(let name):
            note("hub: \(name)")
            try await hub?.work(name)
        case .feedAgent(let site, let index):
            note("\(site.name) reads \(index)")
            try await site.agent?.feed(index, chance: chance)
        case .workAgent(let site, let name):
            note("\(site.name): \(name)")
            try await site.agent?.work(name)
        case .deliver(let connection, let direction):
            try await deliver(connection, direction)
        case .over(let connection, .toHub):
            note("\(connection.edge) is lost to the hub")
            connection.isOverAtHub = true
            try await lostAtHub(connection)
        case .over(let connection, .toEdge):
            note("the hub is lost to \(connection.edge)")
            connection.isOverAtEdge = true
            try await lostAtEdge(connection)
        case .visit(let connection, let direction, let duty):
            note("\(direction == .toHub ? "a visitor of " : "")\(connection.edge) \(duty)")
            connection.end(direction).perform(duty, chance)
        case .synchronise(let connection):
            note("\(connection.edge) says what there is")
            await sites[connection.edge]?.agent?.synchronise(connection)
        case .dial(let id):
            try await dial(id)
        case .join(let site, let id):
            try await join(site, id)
        case .controllers:
            nextControllers = clock.now + .milliseconds(200 + chance.below(600)) * slowness
            try await origin.look(hub.flatMap { $0.isReady ? $0.hub : nil }, clock.now)
        case .machine(let site):
            nextLooks[site.name] = clock.now + .milliseconds(200 + chance.below(600)) * slowness
            try await site.machine.look(site.cluster, clock.now)
        }
        connections.removeAll(where: \.isOver)
    }

    /// Lets time pass until something may happen, and tells everybody who goes by time.
    private func pass(until end: Duration) async throws {
        var next = min(end, nextControllers)
        for at in nextLooks.values { next = min(next, at) }
        for connection in connections {
            let blocked = try site(connection.edge).blocked
            for direction in Connection.Direction.allCases where !blocked.contains(direction) {
                if let at = connection.nextArrival(direction) { next = min(next, at) }
            }
            for session in [connection.hub, connection.agent] where session.end == nil {
                if let deadline = session.deadline { next = min(next, deadline) }
            }
        }
        if let hub {
            next = min(next, hub.nextTick)
            next = min(next, hub.dials.next ?? next)
        }
        for site in sites.values {
            guard let agent = site.agent else { continue }
            next = min(next, agent.nextTick, agent.dials.next ?? next)
        }
        for at in starts.values { next = min(next, at) }
        clock.advance(to: max(next, clock.now + .milliseconds(1)))
        origin.cluster.now = clock.wall(Self.hubName)
        for site in sites.values { site.cluster.now = clock.wall(site.name) }
        try await raise()
        for connection in connections {
            connection.hub.tick()
            connection.agent.tick()
            try await tell(connection)
        }
        await hub?.tick()
        for name in names { await sites[name]?.agent?.tick() }
        try await user.look(self)
        try await bury()
    }

    func note(_ what: String) {
        for byte in what.utf8 { trace = (trace ^ UInt64(byte)) &* 0x100_0000_01B3 }
        log?("\(clock.now) \(what)")
    }

    /// Hears of everything that is done, while a run is being looked into.
    var log: ((String) -> Void)?
}
