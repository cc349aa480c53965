import ClusterAPI
import Enrolment
import JSONTree
import KubernetesModel
import OffloadingModel
import Synchronization
import TestKit
import Testing
import Wire

@testable import Agent

@Suite("Pods of a hub that is not heard", .timeLimit(.minutes(1))) struct FenceTests {
    /// The clocks, in the test's hand.
    private final class Clock: Sendable {
        private let seconds = Mutex(1000)
        func advance(_ by: Int) { seconds.withLock { $0 += by } }
        var reading: HeardMark { seconds.withLock { HeardMark(boot: "a", uptime: $0 * 1000, time: $0) } }
    }

    private func namespace(_ stop: String?) -> [ItemKey: DesiredContent] {
        [
            .namespace("demo"): .namespace(
                DesiredNamespace(
                    originName: "demo", remoteName: "demo", mapping: "EnforceSameName",
                    annotations: stop.map { [Names.stopOnEdgeAfterAnnotation: $0] } ?? [:]))
        ]
    }

    private func fence(_ bench: Bench, _ clock: Clock) -> Fence {
        Fence(context: bench.context, reconcilers: bench.reconcilers, clock: { clock.reading })
    }

    /// A pod that runs here, and a look at the clock while its hub is heard.
    private func begin(_ bench: Bench, _ fence: Fence, stop: String? = "10s") async throws {
        bench.want(namespace(stop).merging(Bench.pod("p")) { $1 })
        try await eventually("made") { bench.link.pod("p")?.edgeUID.isEmpty == false }
        try await bench.setStatus("p", ["phase": "Running"])
        try await eventually("told") { bench.link.pod("p")?.status["phase"]?.string == "Running" }
        try await eventually("the namespace is known") { bench.context.namespaces.get(name: "demo") != nil }
        await fence.look()
    }

    /// The edge's kubelet has ended a pod that is on its way out.
    private func ended(_ bench: Bench) async throws {
        try await bench.cluster.delete(.pods, namespace: "demo", name: "p", DeleteOptions(gracePeriodSeconds: 0))
        try await eventually("gone") { bench.context.pods.objects.isEmpty }
    }

    /// A pod whose hub was silent for longer than its namespace allows, and which has ended.
    private func fenced(_ bench: Bench) async throws -> Fence {
        let clock = Clock()
        let fence = fence(bench, clock)
        try await begin(bench, fence)
        bench.hub.detach(bench.link)
        clock.advance(30)
        await fence.look()
        try await eventually("the pod is ended") { try await bench.found("p")?.isBeingDeleted == true }
        try await ended(bench)
        return fence
    }

    /// The pod goes on until so many seconds from now, and then ends.
    private func expectStop(_ bench: Bench, _ clock: Clock, _ fence: Fence, after seconds: Int) async throws {
        clock.advance(seconds - 1)
        await fence.look()
        #expect(!bench.hub.isClosed("demo"))
        clock.advance(1)
        await fence.look()
        #expect(bench.hub.isClosed("demo"))
        try await eventually("the pod is ended") { try await bench.found("p")?.isBeingDeleted == true }
        try await ended(bench)
    }

    @Test("stop after the time that the namespace allows, and not before")
    func stops() async throws {
        try await Bench().run { bench in
            let clock = Clock()
            let fence = fence(bench, clock)
            try await begin(bench, fence)
            clock.advance(100)
            await fence.look()
            #expect(!bench.hub.isClosed("demo"), "the hub is heard")
            bench.hub.detach(bench.link)
            try await expectStop(bench, clock, fence, after: 10)
            let events = try await bench.cluster.list(.coreEvents).items
                .filter { $0.json["reason"]?.string == "StoppedWithoutHub" }
            #expect(Set(events.compactMap { $0.json["involvedObject"]?["kind"]?.string }) == ["Namespace", "Pod"])
        }
    }

    @Test(
        "stop on a clone that the hub refuses for a while, whatever their policy, and run again when it is taken after all (F20)"
    )
    func cloned() async throws {
        try await Bench().run { bench in
            let clock = Clock()
            let fence = fence(bench, clock)
            try await begin(bench, fence, stop: nil)
            bench.hub.detach(bench.link)
            clock.advance(100)
            await fence.look()
            #expect(!bench.hub.isClosed("demo"), "the hub is away, and nothing asks for a stop")
            bench.hub.refusedAsDuplicate()
            await fence.look()
            try await expectStop(bench, clock, fence, after: 4)
            #expect(
                try await bench.cluster.list(.coreEvents).items.contains {
                    $0.json["message"]?.string?.contains("another one with its identity") == true
                })

            _ = bench.hub.attach(bench.link, epoch: 1, isNewEpoch: false, certificateNotAfter: 2000)
            await fence.look()
            #expect(bench.hub.isClosed("demo"), "it may be refused at once")
            bench.want([:])
            await fence.look()
            #expect(!bench.hub.isClosed("demo"))
            try await eventually("made anew") { try await bench.found("p") != nil }
        }
    }

    @Test("run again, once, when the hub has said that it still wants them; until then it is waited for")
    func resumes() async throws {
        try await Bench().run { bench in
            let fence = try await fenced(bench)

            _ = bench.hub.attach(bench.link, epoch: 1, isNewEpoch: false, certificateNotAfter: 2000)
            bench.reconcilers.observeAll(of: bench.hub)
            bench.hub.publish(to: bench.link)
            #expect(bench.link.pod("p")?.status["reason"]?.string == "StoppedWithoutHub")
            #expect(bench.link.pod("p")?.status["phase"]?.string == "Pending")
            await fence.look()
            #expect(bench.hub.isClosed("demo"), "what the hub wants now is not known yet")
            bench.want([:], complete: false)
            await fence.look()
            #expect(bench.hub.isClosed("demo"))
            bench.want([:])
            await fence.look()
            #expect(!bench.hub.isClosed("demo"))
            try await eventually("made anew") { try await bench.found("p") != nil }
            #expect(bench.cluster.log.filter { $0.hasPrefix("create pods") }.count == 2)
        }
    }

    @Test("do not run again when the hub has replaced them meanwhile")
    func replaced() async throws {
        try await Bench().run { bench in
            let fence = try await fenced(bench)
            _ = bench.hub.attach(bench.link, epoch: 1, isNewEpoch: false, certificateNotAfter: 2000)
            bench.reconcilers.observeAll(of: bench.hub)
            bench.hub.publish(to: bench.link)
            bench.want([:], not: [.pod("demo", "p")])
            await fence.look()
            try await eventually("forgotten") { !bench.link.has(.pod("demo", "p")) }
            #expect(bench.cluster.log.filter { $0.hasPrefix("create pods") }.count == 1)
        }
    }

    @Test("stay as they are where nothing asks for a stop, and where they have ended")
    func untouched() async throws {
        try await Bench().run { bench in
            let clock = Clock()
            let fence = fence(bench, clock)
            try await begin(bench, fence, stop: nil)
            bench.hub.detach(bench.link)
            clock.advance(1_000_000)
            await fence.look()
            #expect(!bench.hub.isClosed("demo"))
        }
        try await Bench().run { bench in
            let clock = Clock()
            let fence = fence(bench, clock)
            try await begin(bench, fence)
            try await bench.setStatus("p", ["phase": "Succeeded"])
            try await eventually("told") { bench.link.pod("p")?.status["phase"]?.string == "Succeeded" }
            bench.hub.detach(bench.link)
            clock.advance(60)
            await fence.look()
            #expect(bench.hub.isClosed("demo"))
            _ = bench.hub.attach(bench.link, epoch: 1, isNewEpoch: false, certificateNotAfter: 2000)
            bench.want([:])
            await fence.look()
            #expect(try await bench.found("p")?.isBeingDeleted == false)
            #expect(bench.cluster.log.filter { $0.hasPrefix("create pods") }.count == 1)
        }
    }

    @Test("an annotation that is taken back counts no more")
    func takenBack() async throws {
        try await Bench().run { bench in
            let fence = fence(bench, Clock())
            try await begin(bench, fence)
            #expect(try await bench.foundNamespace()?.annotation(Names.stopOnEdgeAfterAnnotation) == "10s")
            bench.want(namespace(nil))
            try await eventually("taken back") {
                try await bench.foundNamespace()?.annotation(Names.stopOnEdgeAfterAnnotation) == nil
            }
        }
    }

    @Test("stop also after a restart of the agent, by what was saved, although nothing is known of the hub's wants")
    func restarted() async throws {
        let clock = Clock()
        var objects: [(ResourceType, KubernetesObject)] = []
        var record: PeeringRecord?
        try await Bench().run { bench in
            let fence = fence(bench, clock)
            try await begin(bench, fence)
            record = bench.store.all.first
            #expect(record?.heard == clock.reading)
            clock.advance(2)
            await fence.look()
            #expect(bench.store.all.first?.heard == record?.heard, "saved only every now and then")
            clock.advance(1)
            await fence.look()
            record = bench.store.all.first
            #expect(record?.heard == clock.reading)
            objects.append((.namespaces, try #require(try await bench.foundNamespace())))
            objects.append((.pods, try #require(try await bench.found("p"))))
        }
        let saved = try #require(record)
        let bench = try await Bench(existing: objects, record: saved, connected: false)
        try await bench.run { bench in
            let fence = fence(bench, clock)
            clock.advance(9)
            await fence.look()
            #expect(!bench.hub.isClosed("demo"))
            clock.advance(1)
            await fence.look()
            try await eventually("the pod is ended") { try await bench.found("p")?.isBeingDeleted == true }
        }
    }

    // MARK: - Revoked certificates

    private static let revoked: PeeringRecord = {
        let certificate = IssuedCertificate(fingerprint: "f", keyHash: "k", notAfter: 1 << 40)
        return PeeringRecord(clusterID: Bench.hubID, clusterName: "cloud", epoch: 1, revoked: [certificate], since: 1)
    }()

    /// A hub with a pod here in a namespace of these annotations, revoked at this moment.
    private func revoke(_ bench: Bench, _ fence: Fence, _ annotations: [String: String]) async throws {
        let wanted = DesiredNamespace(
            originName: "demo", remoteName: "demo", mapping: "EnforceSameName", annotations: annotations)
        bench.hub.isRevoked = false
        bench.want([.namespace("demo"): DesiredContent.namespace(wanted)].merging(Bench.pod("p")) { $1 })
        try await eventually("made") { bench.link.pod("p")?.edgeUID.isEmpty == false }
        try await eventually("known") {
            annotations.allSatisfy { bench.context.namespaces.get(name: "demo")?.annotation($0.key) == $0.value }
        }
        try await bench.setStatus("p", ["phase": "Running"])
        try await eventually("told") { bench.link.pod("p")?.status["phase"]?.string == "Running" }
        await fence.look()
        bench.hub.isRevoked = true
        bench.hub.detach(bench.link)
        await fence.look()
    }

    @Test(
        "stop once a hub whose certificates are revoked has replaced them, as their namespace says",
        arguments: [
            ([:], 14), ([Names.gracePeriodAnnotation: "30s"], 34),
            ([Names.gracePeriodAnnotation: "30s", Names.stopOnEdgeAfterAnnotation: "20s"], 20),
        ])
    func lockedOut(_ annotations: [String: String], _ seconds: Int) async throws {
        try await Bench(record: Self.revoked).run { bench in
            let clock = Clock()
            let fence = fence(bench, clock)
            try await revoke(bench, fence, annotations)
            try await expectStop(bench, clock, fence, after: seconds)
            // A new certificate opens nothing before the hub has said what it wants.
            bench.hub.isRevoked = false
            await fence.look()
            #expect(bench.hub.isClosed("demo"))
            _ = bench.hub.attach(bench.link, epoch: 2, isNewEpoch: true, certificateNotAfter: 2000)
            await fence.look()
            #expect(bench.hub.isClosed("demo"))
            bench.want([:])
            await fence.look()
            #expect(!bench.hub.isClosed("demo"))
            #expect(bench.cluster.log.filter { $0.hasPrefix("create pods") }.count == 1)
        }
    }

    @Test("of a namespace that waits for its edge go on for a day after a revocation, over restarts too; then all ends")
    func lockedOutForLong() async throws {
        let clock = Clock()
        let annotations = [Names.onDisconnectAnnotation: "keep"]
        var record: PeeringRecord?
        var objects: [(ResourceType, KubernetesObject)] = []
        try await Bench(record: Self.revoked).run { bench in
            let fence = fence(bench, clock)
            try await revoke(bench, fence, annotations)
            clock.advance(80_000)
            await fence.look()
            #expect(!bench.hub.isClosed("demo"))
            record = bench.store.all.first
            objects.append((.namespaces, try #require(try await bench.foundNamespace())))
            objects.append((.pods, try #require(try await bench.found("p"))))
        }
        let saved = try #require(record)
        #expect(try PeeringRecord(json: saved.json) == saved)
        let bench = try await Bench(existing: objects, record: saved, connected: false)
        try await bench.run { bench in
            let fence = fence(bench, clock)
            clock.advance(6_399)
            await fence.look()
            #expect(!bench.hub.isEnding)
            clock.advance(1)
            await fence.look()
            #expect(bench.hub.isEnding)
            try await eventually("the pod is ended") { try await bench.found("p")?.isBeingDeleted == true }
        }
    }
}
