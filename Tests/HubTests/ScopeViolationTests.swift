import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import PeerTransport
import TestKit
import Testing
import Wire

@testable import Hub

@Suite("An edge that reports what is not its own", .timeLimit(.minutes(1))) struct ScopeViolationTests {
    private func seen(_ key: ItemKey, uid: String) -> ObservedItem {
        ObservedItem(
            key: key, content: .pod(ObservedPod(originUID: uid, edgeUID: "e", status: ["phase": "Failed"])))
    }

    private func report(_ items: [ObservedItem], _ bench: HubBench) {
        bench.context.violations.check(items, of: "rome", node: "liqo-rome", bench.context)
    }

    @Test("is noted for the audit, once, and changes nothing")
    func noted() async throws {
        let bench = try HubBench()
        try await bench.run {
            try await bench.namespace()
            try await bench.offloading()
            for edge in ["rome", "milan"] { bench.edge(edge) }
            let (own, other) = (try await bench.pod("own"), try await bench.pod("other", on: "liqo-milan"))
            let local = try await bench.pod("local", on: "cloud-control-plane")
            try await bench.settle()
            report(
                [
                    seen(.pod("shop", "own"), uid: own.uid),
                    // Of an earlier one of that name: it may have been the edge's.
                    seen(.pod("shop", "other"), uid: "before"), seen(.pod("shop", "gone"), uid: "gone"),
                    ObservedItem(key: .namespace("shop"), content: .ready("shop")),
                    ObservedItem(key: .namespace("left"), content: .ready("left")),
                ], bench)
            #expect(bench.log.audit("scope-violation").isEmpty)
            let foreign = [
                seen(.pod("shop", "other"), uid: other.uid), seen(.pod("shop", "local"), uid: local.uid),
                ObservedItem(key: .namespace("kube-system"), content: .ready("kube-system")),
                ObservedItem(
                    key: ItemKey(kind: "Node", name: "cloud-control-plane"), content: .other(["ready": false])),
            ]
            report(foreign, bench)
            report(foreign, bench)
            let lines = bench.log.audit("scope-violation")
            #expect(lines.count == 4 && lines.allSatisfy { $0["edge"] == "rome" })
            #expect(lines.map { $0["reason"]?.contains("liqo-milan") } == [true, false, false, false])
            // What it says of them is nobody's business.
            let before = try await bench.found(pod: "other")
            bench.observe("rome", [.pod("shop", "other"): foreign[0].content])
            _ = try await bench.reconcile(pod: "other")
            #expect(try await bench.found(pod: "other") == before)
        }
    }
}
