import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct StatusTests {
    @Test("a healthy cluster without peers is shown in boxes")
    func healthy() async throws {
        let world = World()
        try await world.install(.agent)
        #expect(await world.run("status") == 0)
        let expected = """
            ┌─ Namespace existence check ──────────────────────────────────────────────────────┐
            |  ✔ causeway control plane namespace causeway-system exists                       |
            └──────────────────────────────────────────────────────────────────────────────────┘

            ┌─ Control plane check ────────────────────────────────────────────────────────────┐
            |  Daemon                                                                          |
            |      causeway-agent:   Running, version 0.1.0                                    |
            |      API server:       Reachable at https://127.0.0.1:6443                       |
            |      Custom resources: Served                                                    |
            |  Nodes                                                                           |
            |      europe-rome-edge: Ready                                                     |
            └──────────────────────────────────────────────────────────────────────────────────┘

            ┌─ Local cluster information ──────────────────────────────────────────────────────┐
            |  Cluster identity                                                                |
            |      Cluster ID:   22222222-2222-4222-8222-222222222222                          |
            |      Cluster name: europe-rome-edge                                              |
            |      Cluster labels                                                              |
            |          topology.liqo.io/type: destination                                      |
            |      Configuration                                                               |
            |          Version: 0.1.0                                                          |
            |          Role:    agent                                                          |
            |          Mode:    embedded                                                       |
            |  Network                                                                         |
            |      Pod CIDR: 10.200.0.0/16                                                     |
            |  Endpoints                                                                       |
            |      Authentication:        tls://127.0.0.1:7443                                 |
            |      Kubernetes API server: https://127.0.0.1:6443                               |
            └──────────────────────────────────────────────────────────────────────────────────┘

            ┌─ Peered clusters ────────────────────────────────────────────────────────────────┐
            |  Local cluster "europe-rome-edge" is not peered with any remote cluster          |
            └──────────────────────────────────────────────────────────────────────────────────┘

            """
        #expect(world.output.written == expected)
        #expect(world.errors.written.isEmpty)
    }

    private func peered() async throws -> World {
        let world = World()
        try await world.install(.hub)
        var cluster = try await world.peer("europe-rome-edge")
        cluster.roundTripTime = "1.2ms"
        _ = try await world.cluster.updateStatus(.foreignClusters, cluster.object)
        try await world.node("liqo-europe-rome-edge", isReady: true, isVirtual: true)
        return world
    }

    @Test("peers are shown with each condition, the round-trip time and the virtual node")
    func peers() async throws {
        let world = try await peered()
        #expect(await world.run("status") == 0)
        #expect(
            world.output.written.hasSuffix(
                """
                ┌─ Peered clusters ────────────────────────────────────────────────────────────────┐
                |  europe-rome-edge                                                                |
                |      Outgoing peering: Established                                               |
                |      Incoming peering: None                                                      |
                |      Networking:       Established, round-trip time 1.2ms                        |
                |      Authentication:   Established                                               |
                |      Virtual node:     liqo-europe-rome-edge, Ready                              |
                └──────────────────────────────────────────────────────────────────────────────────┘

                """))
    }

    @Test("status peer shows one peer in detail")
    func peer() async throws {
        let world = try await peered()
        try await world.peer("europe-milan-edge", id: "x")
        #expect(await world.run("status", "peer", "europe-rome-edge", "-v") == 0)
        #expect(
            world.output.written == """
                ┌─ Peered Cluster Information ─────────────────────────────────────────────────────┐
                |  europe-rome-edge - 22222222-2222-4222-8222-222222222222                         |
                |      Type: OutOfBand                                                             |
                |      Direction                                                                   |
                |          Outgoing: Established                                                   |
                |          Incoming: None                                                          |
                |      Authentication                                                              |
                |          Status:   Established                                                   |
                |          Auth URL: tls://127.0.0.1:7443                                          |
                |      Network                                                                     |
                |          Status:  Established                                                    |
                |          Latency: 1.2ms                                                          |
                |      API Server                                                                  |
                |          Status: Established                                                     |
                |      Virtual node                                                                |
                |          Name:   liqo-europe-rome-edge                                           |
                |          Status: Ready                                                           |
                |      Resources                                                                   |
                |          Total acquired - resources offered by "europe-rome-edge" to             |
                |          "europe-cloud"                                                          |
                |              cpu:    2                                                           |
                |              memory: 4Gi                                                         |
                |              pods:   110                                                         |
                └──────────────────────────────────────────────────────────────────────────────────┘

                """)
    }

    @Test("a peer that is not there is an error")
    func unknownPeer() async throws {
        let world = try await peered()
        #expect(await world.run("status", "peer", "paris") == 1)
        #expect(world.output.written.contains("|  paris - Peer Not Found "))
        #expect(world.errors.written.hasPrefix(" ERRO  paris: Peer Not Found; "))
    }

    @Test("a wanted peering that is not Established, or a node that is not Ready, is an error that says what to do")
    func unhealthy() async throws {
        let world = try await peered()
        try await world.set(
            .network, PeeringCondition(.pending, "NotConnected", "the edge's agent is not connected"),
            of: "europe-rome-edge")
        try await world.node("local", isReady: false)
        #expect(await world.run("status") == 1)
        #expect(
            world.errors.written == """
                 ERRO  node local: is not Ready: EdgeUnreachable: the edge's agent does not answer; look at 'kubectl \
                describe node local'
                 ERRO  peer europe-rome-edge: networking is Pending, not Established (NotConnected: the edge's agent is \
                not connected); check that europe-rome-edge is running and can be reached at tls://127.0.0.1:7443
                 ERRO  some checks failed

                """)
        #expect(world.output.written.contains("Networking:       Pending (the edge's agent is not connected)"))
    }

    @Test("a peering that is not wanted is not wrong")
    func disabled() async throws {
        let world = World()
        try await world.install(.hub)
        try await world.peer("rome", [.outgoing: .none, .network: .pending], outgoing: .no)
        #expect(await world.run("status") == 0)
    }

    @Test("a cluster that cannot be reached, or has no Causeway, is an error")
    func unreachable() async throws {
        let world = World()
        #expect(await world.run("status") == 1)
        #expect(world.errors.written.contains("Causeway is not running in cluster \"test\" of config"))
        world.cluster.failure = ClusterUnreachable("127.0.0.1:6443: connection refused")
        #expect(await world.run("status") == 1)
        #expect(
            world.errors.written.contains(
                " ERRO  API server https://127.0.0.1:6443: 127.0.0.1:6443: connection refused; check the kubeconfig"))
        #expect(await world.run("status", "peer", "-o", "json") == 1)
        #expect(await world.run("unpeer", "rome") == 1)
        #expect(world.errors.written.contains("cluster \"test\" of config cannot be reached at https://127.0.0.1:6443"))
    }

    @Test("-o json says the same for programs")
    func json() async throws {
        let world = try await peered()
        #expect(await world.run("status", "-o", "json") == 0)
        let json = try JSON(parsing: world.output.written)
        #expect(json["healthy"] == true)
        #expect(json["problems"] == [])
        #expect(json["cluster"]?["name"] == "europe-cloud")
        #expect(json["cluster"]?["labels"] == ["topology.liqo.io/type": "origin"])
        #expect(json["nodes"] == [["name": "europe-cloud", "ready": true, "message": ""]])
        let peer = json["peers"]?[0]
        #expect(peer?["name"] == "europe-rome-edge")
        #expect(peer?["roundTripTime"] == "1.2ms")
        #expect(peer?["conditions"]?["OutgoingPeering"]?["status"] == "Established")
        #expect(peer?["virtualNode"]?["ready"] == true)
        #expect(peer?["virtualNode"]?["allocatable"]?["cpu"] == "2")
        try await world.set(
            .authentication, PeeringCondition(.error, "CertificateExpired", "old"), of: "europe-rome-edge")
        #expect(await world.run("status", "-o", "json") == 1)
    }
}
