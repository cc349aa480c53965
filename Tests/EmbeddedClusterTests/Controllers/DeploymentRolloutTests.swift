import ClusterAPI
import EmbeddedCluster
import JSONTree
import KubernetesModel
import TestKit
import Testing

@Suite("Deployments over the embedded cluster")
struct DeploymentRolloutTests {
    @Test("a Deployment makes a ReplicaSet, the ReplicaSet makes pods, and the status says when all is well")
    func becomesAvailable() async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(.deployments, Manifest.deployment("web", replicas: 3))
        try await eventually("rolled out") { try await house.isRolledOut("web", replicas: 3) }
        let deployment = try await house.api.get(.deployments, namespace: "default", name: "web")
        let sets = try await house.api.list(.replicaSets, namespace: "default").items
        let set = try #require(sets.first)
        #expect(sets.count == 1)
        let hash = try #require(set.label("pod-template-hash"))
        #expect(set.name == "web-\(hash)")
        #expect(hash.utf8.count <= 10 && hash.allSatisfy { "bcdfghjklmnpqrstvwxz2456789".contains($0) })
        #expect(set.spec["selector"]?["matchLabels"]?["pod-template-hash"]?.string == hash)
        #expect(set.annotation("deployment.kubernetes.io/desired-replicas") == "3")
        #expect(set.annotation("deployment.kubernetes.io/max-replicas") == "4")
        #expect(deployment.annotation("deployment.kubernetes.io/revision") == "1")
        for pod in try await house.pods() {
            #expect(pod.name.hasPrefix("\(set.name)-") && pod.name.utf8.count == set.name.utf8.count + 6)
            #expect(pod.controller?.uid == set.uid)
            #expect(pod.label("pod-template-hash") == hash)
        }
        let available = Conditions.find("Available", in: deployment.status["conditions"])
        let progressing = Conditions.find("Progressing", in: deployment.status["conditions"])
        #expect(available?["reason"]?.string == "MinimumReplicasAvailable")
        #expect(available?["message"]?.string == "Deployment has minimum availability.")
        #expect(progressing?["reason"]?.string == "NewReplicaSetAvailable")
        #expect(progressing?["message"]?.string == "ReplicaSet \"\(set.name)\" has successfully progressed.")
        try await eventually("events are told") {
            let scaling = try await house.events("ScalingReplicaSet")
            let created = try await house.events("SuccessfulCreate")
            return scaling == ["Scaled up replica set \(set.name) from 0 to 3"] && created.count == 3
        }
        await house.stop()
    }

    @Test("a new template rolls out, and undoing it uses the old ReplicaSet under a new revision")
    func rollsOutAndBack() async throws {
        let house = try await ControllerHouse()
        let api = house.api
        _ = try await api.create(.deployments, Manifest.deployment("web", replicas: 4))
        try await eventually("rolled out") { try await house.isRolledOut("web", replicas: 4) }
        let first = try #require(try await api.list(.replicaSets, namespace: "default").items.first)
        func roll(to image: JSON, revision: String) async throws {
            _ = try await api.patch(
                .deployments, namespace: "default", name: "web",
                Patch(.json, [["op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image]]),
                subresource: nil, WriteOptions())
            try await eventually("revision \(revision) is rolled out", within: .seconds(20)) {
                let now = try await api.get(.deployments, namespace: "default", name: "web")
                return try await house.isRolledOut("web", replicas: 4)
                    && now.annotation("deployment.kubernetes.io/revision") == revision
            }
        }
        try await roll(to: "hello:2", revision: "2")
        #expect(try await api.list(.replicaSets, namespace: "default").items.count == 2)
        try await roll(to: "hello", revision: "3")
        let sets = try await api.list(.replicaSets, namespace: "default").items
        #expect(sets.count == 2)
        let back = try #require(sets.first { $0.uid == first.uid })
        #expect(back.annotation("deployment.kubernetes.io/revision") == "3")
        #expect(back.annotation("deployment.kubernetes.io/revision-history") == "1")
        #expect(back.spec["replicas"]?.int == 4)
        await house.stop()
    }

    @Test("scaling up and down keeps the pods spread", arguments: [[1, 2, 3, 4, 7, 4, 3, 2]])
    func staysSpread(_ sizes: [Int]) async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(
            .deployments, Manifest.deployment("web", replicas: 1, spreadOver: "kubernetes.io/hostname"))
        for size in sizes {
            try await house.scale("web", to: size)
            let counts = try await house.perNode()
            let skew = (counts.values.max() ?? 0) - (counts.count == 2 ? counts.values.min() ?? 0 : 0)
            #expect(skew <= 1, "\(size) replicas: \(counts)")
        }
        await house.stop()
    }

    @Test("a rollout that cannot finish keeps the old pods, and pausing shows")
    func keepsOldPods() async throws {
        let house = try await ControllerHouse()
        let api = house.api
        _ = try await api.create(.deployments, Manifest.deployment("web", replicas: 4))
        try await eventually("rolled out") { try await house.isRolledOut("web", replicas: 4) }
        _ = try await api.patch(
            .deployments, namespace: "default", name: "web",
            Patch(.json, [["op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "broken"]]),
            subresource: nil, WriteOptions())
        // 4 replicas: one more and one fewer allowed, so that two new ones wait beside three old ones.
        try await eventually("the rollout stands") {
            let images = try await house.pods().map { $0.spec["containers"]?[0]?["image"]?.string }
            return images.filter { $0 == "broken" }.count == 2 && images.count == 5
        }
        let status = try await api.get(.deployments, namespace: "default", name: "web").status
        #expect(Conditions.isTrue("Available", in: status["conditions"]))
        _ = try await api.merge(.deployments, namespace: "default", name: "web", ["spec": ["paused": true]])
        try await eventually("shown as paused") {
            let status = try await api.get(.deployments, namespace: "default", name: "web").status
            return Conditions.find("Progressing", in: status["conditions"])?["reason"]?.string == "DeploymentPaused"
        }
        await house.stop()
    }

    @Test("Recreate ends all old pods before it makes new ones")
    func recreates() async throws {
        let house = try await ControllerHouse()
        let api = house.api
        _ = try await api.create(
            .deployments, Manifest.deployment("web", replicas: 2, ["strategy": ["type": "Recreate"]]))
        try await eventually("rolled out") { try await house.isRolledOut("web", replicas: 2) }
        let old = Set(try await house.pods().map(\.uid))
        _ = try await api.patch(
            .deployments, namespace: "default", name: "web",
            Patch(.json, [["op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "other"]]),
            subresource: nil, WriteOptions())
        try await eventually("replaced") {
            let all = try await api.list(.pods, namespace: "default").items
            let new = all.filter { !old.contains($0.uid) }
            #expect(new.isEmpty || new.count == all.count, "old and new pods at once")
            guard new.count == 2 else { return false }
            return try await house.isRolledOut("web", replicas: 2)
        }
        await house.stop()
    }
}
