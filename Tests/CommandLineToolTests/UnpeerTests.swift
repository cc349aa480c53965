import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct UnpeerTests {
    private func world() async throws -> World {
        let world = World()
        try await world.install(.hub)
        return world
    }

    @Test("out-of-band disables, waits until nothing is left, and forgets the cluster")
    func outOfBand() async throws {
        let world = try await world()
        try await world.peer("rome")
        async let status = world.run("unpeer", "out-of-band", "rome")
        try await eventually("the peering is disabled") {
            try await world.foreignCluster("rome")?.outgoingEnabled == .no
        }
        try await world.set(.outgoing, PeeringCondition(.disconnecting, "Withdrawing"), of: "rome")
        try await world.set(.outgoing, PeeringCondition(.none, "Withdrawn"), of: "rome")
        #expect(await status == 0)
        #expect(
            world.output.written == """
                 INFO  Outgoing peering marked as disabled
                 INFO  Successfully disabled outgoing peering to the remote cluster "rome"
                 INFO  Foreign cluster resource successfully removed

                """)
        #expect(try await world.foreignCluster("rome") == nil)
    }

    @Test("without out-of-band the ForeignCluster stays")
    func keeps() async throws {
        let world = try await world()
        try await world.peer("rome", [.outgoing: .none])
        #expect(await world.run("unpeer", "rome") == 0)
        #expect(try await world.foreignCluster("rome")?.outgoingEnabled == .no)
        #expect(!world.output.written.contains("Foreign cluster resource"))
    }

    @Test("an incoming peering keeps the ForeignCluster, with a warning")
    func incoming() async throws {
        let world = try await world()
        try await world.peer("rome", [.outgoing: .none, .incoming: .established])
        async let status = world.run("unpeer", "oob", "rome")
        let asked = try await eventually("the hub is asked to end its part") {
            try await world.foreignCluster("rome").flatMap { $0.asksForEnd ? $0 : nil }
        }
        // As the hub does when it has let go.
        var left = asked.object
        left.json["spec", "foreignAuthUrl"] = nil
        left.annotations[Names.endOutgoingAnnotation] = nil
        _ = try await world.cluster.update(.foreignClusters, left)
        #expect(await status == 0)
        #expect(
            world.output.written.hasSuffix(
                """
                 WARN  The foreign cluster resource was not removed, as an incoming peering is still active
                 WARN  Issue the unpeer command on the remote cluster "rome" to disable it

                """))
        #expect(try await world.foreignCluster("rome") != nil)
    }

    @Test("an unknown cluster is an error that names the known ones")
    func unknown() async throws {
        let world = try await world()
        try await world.peer("rome")
        #expect(await world.run("unpeer", "out-of-band", "paris", "--kubeconfig", "mine") == 1)
        #expect(
            world.errors.written
                == " ERRO  Failed unpeering clusters: the foreign cluster \"paris\" is not known in cluster \"test\" of mine; "
                + "there is: \"rome\"\n")
        #expect(try await world.foreignCluster("rome")?.outgoingEnabled == .yes)
    }

    @Test("a withdrawal that does not end in time says how it stands")
    func late() async throws {
        let world = try await world()
        try await world.peer("rome", [.outgoing: .disconnecting])
        #expect(await world.run("unpeer", "out-of-band", "rome", "--timeout", "50ms") == 1)
        #expect(
            world.errors.written.contains(
                "Failed disabling outgoing peering to the remote cluster \"rome\": timed out waiting for the condition: "
                    + "Disconnecting (Test)"))
    }

    @Test("a person at a terminal is asked, and anything but yes changes nothing", arguments: ["no\n", "", "yes\n"])
    func asks(answer: String) async throws {
        var world = try await world()
        world.answer = answer
        try await world.peer("rome", [.outgoing: .none])
        let status = await world.run("unpeer", "out-of-band", "rome")
        #expect(
            world.output.written.hasPrefix("causewayctl unpeer out-of-band is a potentially destructive command.\n"))
        #expect(status == (answer == "yes\n" ? 0 : 1))
        #expect(try await (world.foreignCluster("rome") == nil) == (answer == "yes\n"))
        if status != 0 { #expect(world.errors.written == " ERRO  action aborted\n") }
    }

    @Test("--skip-confirm asks nobody, before or after the command")
    func skipsConfirmation() async throws {
        var world = try await world()
        world.answer = "no"
        try await world.peer("rome", [.outgoing: .none])
        #expect(await world.run("--skip-confirm", "unpeer", "out-of-band", "rome") == 0)
        #expect(!world.output.written.contains("destructive"))
    }
}
