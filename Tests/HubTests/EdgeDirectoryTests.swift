import PeerTransport
import Scheduling
import Synchronization
import Testing
import Wire

@testable import Hub

@Suite("What the hub knows of its edges") struct EdgeDirectoryTests {
    @Test("everybody is told of changes, nobody of changes to an edge that is not known")
    func tells() {
        let told = Mutex<[String]>([])
        let edges = EdgeDirectory()
        edges.onChange { name, change in told.withLock { $0.append("\(name) \(change)") } }
        edges.put(Edge(name: "rome", clusterID: "1", node: "liqo-rome"))
        edges.update("rome", .measured) { $0.roundTripTime = .milliseconds(1) }
        edges.update("milan") { $0.isConnected = true }
        edges.remove("rome")
        edges.remove("rome")
        #expect(told.withLock { $0 } == ["rome status", "rome measured", "rome status"])
        #expect(edges["rome"] == nil && edges.edge(node: "liqo-rome") == nil)
    }

    @Test("the version moves with the status of edges, and not with what they run")
    func version() {
        let edges = EdgeDirectory()
        var last = edges.version
        func hasMoved() -> Bool {
            defer { last = edges.version }
            return edges.version != last
        }
        edges.put(Edge(name: "rome", clusterID: "1", node: "liqo-rome"))
        #expect(hasMoved())
        edges.update("rome", .observed([.pod("a", "b")])) { _ in }
        edges.update("rome", .measured) { _ in }
        #expect(!hasMoved())
        edges.update("rome") { $0.isWanted = true }
        #expect(hasMoved())
        edges.remove("rome")
        #expect(hasMoved())
    }

    @Test("a copy catches up once a connection, with the first changes that make it whole")
    func catchesUp() {
        let copy = ObservedCopy()
        let item = ObservedItem(
            key: .namespace("shop"), content: .namespace(ObservedNamespace(remoteName: "shop-1", state: .ready)))
        _ = copy.begin(epoch: 1)
        #expect(copy.apply(ObservedMessage(upserts: [item])) == .init(isComplete: false, hasCaughtUp: false))
        #expect(copy.apply(ObservedMessage(isComplete: true)) == .init(isComplete: true, hasCaughtUp: true))
        #expect(copy.apply(ObservedMessage(isComplete: true)) == .init(isComplete: true, hasCaughtUp: false))
        #expect(copy.namespaces.mapValues(\.phase) == ["shop-1": .ready])
        #expect(copy.begin(epoch: 1) == [.namespace("shop"): item.hash])
        #expect(copy.isComplete)
        #expect(copy.apply(ObservedMessage(isComplete: true))?.hasCaughtUp == true)
        // Of another epoch nothing is known.
        #expect(copy.begin(epoch: 2).isEmpty)
        #expect(!copy.isComplete && copy.isEmpty && copy.namespaces.isEmpty)
    }

    @Test("a second edge that claims a node's name does not get the first one's pods")
    func sameNode() {
        let edges = EdgeDirectory()
        edges.put(Edge(name: "rome", clusterID: "1", node: "liqo-rome"))
        edges.put(Edge(name: "thief", clusterID: "2", node: "liqo-rome"))
        #expect(edges.edge(node: "liqo-rome")?.name == "rome")
        edges.remove("thief")
        #expect(edges.edge(node: "liqo-rome")?.name == "rome")
        edges.put(Edge(name: "thief", clusterID: "2", node: "liqo-rome"))
        edges.remove("rome")
        #expect(edges.edge(node: "liqo-rome")?.name == "thief")
    }

    @Test("who is silent, and who is settled, is known at every moment")
    func kept() {
        let edges = EdgeDirectory()
        for name in ["rome", "milan"] { edges.put(Edge(name: name, clusterID: name, node: "liqo-\(name)")) }
        #expect(edges.silent.map(\.name) == ["milan", "rome"] && edges.settled.isEmpty)
        edges.update("rome") { ($0.isConnected, $0.state) = (true, .ready) }
        #expect(edges.silent.map(\.name) == ["milan"] && edges.settled == ["rome"])
        edges.update("rome") { ($0.silentSince, $0.state) = (.now, .suspect) }
        #expect(edges.silent.map(\.name) == ["milan", "rome"] && edges.settled.isEmpty)
        edges.update("rome") { ($0.silentSince, $0.state) = (nil, .ready) }
        edges.update("milan") { $0.state = .lost }
        #expect(edges.silent.map(\.name) == ["milan"] && edges.settled == ["milan", "rome"])
        edges.put(Edge(name: "rome", clusterID: "rome", node: "liqo-rome"))
        #expect(edges.silent.map(\.name) == ["milan", "rome"] && edges.settled == ["milan"])
        edges.remove("milan")
        edges.remove("rome")
        #expect(edges.silent.isEmpty && edges.settled.isEmpty)
    }

    @Test("an edge whose agent says that its cluster is silent is Degraded, however often it is heard again (F21)")
    func degraded() {
        var edge = Edge(name: "rome", clusterID: "1", node: "liqo-rome")
        #expect(edge.stateByAdvertisement == .ready)
        edge.advertisement = HubBench.advertisement
        #expect(edge.stateByAdvertisement == .ready)
        edge.advertisement?.conditions = [.init(type: "Ready", status: "False")]
        #expect(edge.stateByAdvertisement == .degraded)
    }

    @Test(
        "a withdrawal that is called off leaves the edge as its connection is at that moment",
        arguments: EdgeState.allCases)
    func resumed(state: EdgeState) {
        for isConnected in [true, false] {
            var edge = Edge(name: "rome", clusterID: "1", node: "liqo-rome", state: state)
            edge.isConnected = isConnected
            edge.withdrawnSince = .now
            edge.resume()
            switch state {
            case .draining, .left:
                #expect(edge.state == (isConnected ? .ready : .suspect))
                #expect(edge.withdrawnSince == nil)
            case .joining, .ready, .suspect, .disconnected, .lost, .degraded: #expect(edge.state == state)
            }
        }
    }
}

@Suite("What the edges shall have") struct DesiredStateTests {
    private func namespace(_ remote: String) -> DesiredContent {
        .namespace(DesiredNamespace(originName: "a", remoteName: remote, mapping: "EnforceSameName"))
    }

    @Test("nobody is told anything before all is known (F5, I3)")
    func prepared() {
        let told = Mutex<[String]>([])
        let state = DesiredState()
        state.onChange { edge, key in told.withLock { $0.append("\(edge) \(key)") } }
        state.set(.namespace("a"), ["rome": namespace("a")])
        #expect(told.withLock { $0 }.isEmpty)
        state.markPrepared()
        state.set(.namespace("a"), ["rome": namespace("a")])
        #expect(told.withLock { $0 }.isEmpty)
        state.set(.namespace("a"), ["rome": namespace("b")])
        #expect(told.withLock { $0 } == ["rome Namespace/a"])
    }

    @Test("what one edge shall have, the others lose")
    func moves() {
        let state = DesiredState()
        state.markPrepared()
        state.set(.pod("a", "p"), ["rome": namespace("a")])
        state.set(.pod("a", "p"), ["milan": namespace("a")])
        #expect(state.items("rome").isEmpty && state.items("milan").count == 1)
        #expect(state.contains(.pod("a", "p")))
        state.remove(edge: "milan")
        #expect(!state.contains(.pod("a", "p")))
    }
}
