import Testing
import Wire

/// Visits to pods while things break: `exec`, `attach`, `logs` and forwarded ports, as streams of the peerings.
@Suite(
    "Streams through a peering under faults, with the real hub and agents over a simulated network",
    .timeLimit(.minutes(10)))
struct VisitFaultTests {
    private func begin(_ side: DiallingSide = .hub) async throws -> Scenario {
        let scenario = try await Scenario.begin(seed: 31, edges: ["rome"], dialling: side)
        try await scenario.settle()
        scenario.world.visits.hurry(false)
        return scenario
    }

    @Test(
        "visits of every kind have all their bytes, in order, and leave nothing behind",
        arguments: DiallingSide.allCases)
    func whole(_ side: DiallingSide) async throws {
        let scenario = try await begin(side)
        let world = scenario.world
        world.visitAll("rome", bytes: 50_000)
        let isOver = try await world.run(atMost: .seconds(5)) { world.visitUnrest() == nil }
        #expect(isOver, "\(world.visitUnrest() ?? "")")
        let ends = world.visits.all
        #expect(ends[0].atHub == .well(read: 50_000, written: 0) && ends[0].atEdge == .well(read: 0, written: 50_000))
        #expect(ends[1].atHub == .well(read: 50_000, written: 50_000))
        #expect(ends[1].atEdge == .well(read: 50_000, written: 50_000))
        #expect(ends[2].atHub == .left && ends[2].atEdge == .failed("the visitor has gone"))
        #expect(ends[3].atHub == .well(read: 50_000, written: 50_000))
        #expect(world.ledger.violations == [])
    }

    @Test(
        "F8: a connection that is cut at any message of a visit ends it at both ends with a word, and nothing else",
        arguments: DiallingSide.allCases)
    func cuts(_ side: DiallingSide) async throws {
        let scenario = try await begin(side)
        let world = scenario.world
        let (before, starts) = (try await scenario.placements(), world.ledger.starts)
        var cut = 0
        // Every one of the first messages, which open and answer, and then some.
        for message in Array(1...24) + Array(stride(from: 30, to: 150, by: 8)) {
            world.messages.cut(at: [world.messages.count + message])
            world.visitAll("rome", bytes: 12_000)
            let isOver = try await world.run(atMost: .seconds(2)) { world.visitUnrest() == nil }
            #expect(isOver, "cut at message \(message): \(world.visitUnrest() ?? "")")
            cut += world.visits.all.suffix(4).filter(\.isCut).count
            let isBack = try await world.run(atMost: .seconds(10)) { world.isConnected("rome") }
            #expect(isBack)
        }
        #expect(cut > 40, "visits that were broken off: \(cut)")
        #expect(try await world.judge() == [])
        #expect(try await scenario.placements() == before)
        #expect(world.ledger.starts == starts)
    }

    @Test(
        "F1, F2: visits over a line on which nothing passes any more, both ways or one, end at both ends within 5 s",
        arguments: [[.toHub, .toEdge], [.toHub], [.toEdge]] as [Set<Connection.Direction>])
    func silence(_ directions: Set<Connection.Direction>) async throws {
        let scenario = try await begin()
        let world = scenario.world
        let before = try await scenario.placements()
        world.visitAll("rome", bytes: 100_000, .slow)
        // A shell in which nobody types.
        world.visit(Visit(edge: "rome", kind: StreamKind.exec, toEdge: 10, isEchoed: true, paceAtEdge: .never))
        try await world.run(for: .milliseconds(300))
        #expect(world.visits.all.allSatisfy { $0.atHub == nil && $0.isKnownAtEdge })
        try world.block("rome", directions)
        try await world.run(for: .seconds(5))
        for entry in world.visits.all {
            #expect(entry.isCut && entry.isOver, "\(entry)")
        }
        #expect(try await scenario.placements() == before)
        #expect(try await world.judge() == [])
    }

    @Test("whoever does not read holds up nobody else, and costs no more than a window")
    func slowReaders() async throws {
        let scenario = try await begin()
        let world = scenario.world
        for _ in 0..<3 {
            world.visit(Visit(edge: "rome", kind: StreamKind.logs, toHub: 100_000, paceAtHub: .never))
            world.visit(Visit(edge: "rome", kind: StreamKind.exec, toEdge: 100_000, isEchoed: true, paceAtEdge: .never))
            world.visit(Visit(edge: "rome", kind: StreamKind.logs, toHub: 100_000, paceAtHub: .slow))
        }
        try await world.run(for: .seconds(2))
        let number = world.visit(Visit(edge: "rome", kind: StreamKind.forward, toEdge: 50_000, toHub: 50_000))
        let isOver = try await world.run(atMost: .seconds(1)) { world.visits[number]?.isOver == true }
        #expect(isOver)
        world.origin.want(Origin.Workload(name: "more", namespace: "shop", count: 2, isJob: false))
        let isRunning = try await world.run(atMost: .seconds(5)) { world.ledger.running.count == 5 }
        #expect(isRunning, "changes are not held up either")
        #expect(world.visits.all.filter(\.isOver).count == 1)
        #expect(try await world.judge() == [], "and all is read in the end")
    }

    @Test(
        "F4, F6: a program that dies ends its visits at the other end", arguments: DiallingSide.allCases, [true, false])
    func killed(_ side: DiallingSide, _ isHub: Bool) async throws {
        let scenario = try await begin(side)
        let world = scenario.world
        world.visitAll("rome", bytes: 100_000, .slow)
        try await world.run(for: .milliseconds(300))
        try await isHub ? world.killHub() : world.killAgent("rome")
        try await world.run(for: .seconds(1))
        #expect(world.visits.all.allSatisfy { $0.isCut && $0.isOver })
        #expect(try await world.judge() == [])
    }

    @Test("a visitor who goes before he is answered leaves nothing behind at the edge", arguments: UInt64(1)...8)
    func impatient(_ seed: UInt64) async throws {
        let scenario = try await Scenario.begin(seed: seed, edges: ["rome"])
        try await scenario.settle()
        let world = scenario.world
        world.visits.hurry(false)
        try world.delay("rome", .milliseconds(100))
        for _ in 0..<5 {
            world.visit(
                Visit(edge: "rome", kind: StreamKind.exec, toEdge: 10, isEchoed: true, isImpatient: true))
        }
        let isOver = try await world.run(atMost: .seconds(2)) { world.visitUnrest() == nil }
        #expect(isOver, "\(world.visitUnrest() ?? "")")
        #expect(try await world.judge() == [])
    }

    @Test("visitors beyond the limit are told so, and those that are there stay")
    func tooMany() async throws {
        let scenario = try await begin()
        let world = scenario.world
        for _ in 0..<14 {
            world.visit(Visit(edge: "rome", kind: StreamKind.logs, toHub: 20_000, paceAtHub: .never))
        }
        try await world.run(for: .seconds(1))
        let refused = world.visits.all.compactMap(\.atHub)
        #expect(refused.count == 4 && refused.allSatisfy { "\($0)".contains("streams are open to this peer") })
        #expect(try await world.judge() == [])
        let read = world.visits.all.filter { $0.atHub == .well(read: 20_000, written: 0) }
        #expect(read.count == 10)
    }
}
