import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Synchronization
import TestKit
import Testing
import Wire

@testable import Agent

@Suite struct PodReconcilerTests {
    private func running(
        _ bench: Bench, _ more: [ItemKey: DesiredContent] = Bench.pod("p")
    ) async throws -> KubernetesObject {
        bench.want(Bench.namespace.merging(more) { $1 })
        try await eventually("made") { bench.link.pod("p")?.edgeUID.isEmpty == false }
        try await bench.setStatus("p", ["phase": "Running", "podIP": "10.0.0.7"])
        try await eventually("told") { bench.link.pod("p")?.status["phase"]?.string == "Running" }
        return try #require(try await bench.found("p"))
    }

    @Test("a wanted pod is made in its hub's namespace, marked by what is proved, and its status is told")
    func made() async throws {
        try await Bench().run { bench in
            let pod = try await running(bench)
            #expect(pod.label(Names.originClusterIDLabel) == Bench.hubID)
            #expect(pod.label(Names.originUIDLabel) == "u1")
            #expect(pod.label("app") == "x")
            #expect(bench.link.pod("p")?.originUID == "u1")
            #expect(bench.link.pod("p")?.status["podIP"]?.string == "10.0.0.7")
            #expect(try await bench.cluster.list(.pods).items.count == 1)
        }
    }

    @Test(
        "a pod that reaches for the machine is not allowed (A8)",
        arguments: [
            ["hostNetwork": true], ["hostPID": true], ["hostIPC": true],
            ["volumes": [["name": "v", "hostPath": ["path": "/"]]]],
            ["containers": [["name": "c", "securityContext": ["privileged": true]]]],
            ["initContainers": [["name": "c", "securityContext": ["privileged": true]]]],
            ["nodeName": "n1"], ["serviceAccount": "builder"], ["priorityClassName": "system-node-critical"],
            ["volumes": [["name": "v", "projected": ["sources": [["serviceAccountToken": ["path": "t"]]]]]]],
        ] as [JSON])
    func notAllowed(_ spec: JSON) async throws {
        try await Bench().run { bench in
            bench.want(Bench.namespace.merging(Bench.pod("p", spec: spec)) { $1 })
            try await eventually("refused") { bench.link.pod("p")?.refused?.reason == "NotAllowed" }
            #expect(try await bench.found("p") == nil)
        }
    }

    @Test("what the edge's operator allows a hub goes before the settings, and an unknown word allows little (A8)")
    func allowed() async throws {
        let spec: JSON = ["hostNetwork": true, "containers": [["name": "c", "image": "shop/web:2"]]]
        var foreign = ForeignCluster(
            name: "cloud", clusterID: Bench.hubID, clusterName: "cloud", authURL: "", outgoing: .no, incoming: .yes
        ).object
        foreign.annotations = [Names.podSecurityAnnotation: "privileged", Names.allowedImagesAnnotation: "shop/*"]
        try await Bench(existing: [(.foreignClusters, foreign)]).run { bench in
            bench.want(
                Bench.namespace.merging(Bench.pod("p", spec: spec)) { $1 }.merging(Bench.pod("q", uid: "u2")) { $1 })
            try await eventually("the one is made") { try await bench.found("p") != nil }
            try await eventually("the other is refused") { bench.link.pod("q")?.refused?.reason == "NotAllowed" }
            #expect(bench.link.pod("q")?.refused?.message.contains("shop/*") == true)
            // What runs already is not given another image either; what it had may stay.
            var changed = spec
            changed["containers"] = [["name": "c", "image": "elsewhere/web"]]
            bench.want(Bench.pod("p", spec: changed))
            bench.want(Bench.pod("r", uid: "u3", spec: ["containers": [["name": "c", "image": "shop/web"]]]))
            try await eventually("all were looked at") { try await bench.found("r") != nil }
            #expect(try await bench.found("p")?.spec["containers"]?[0]?["image"] == "shop/web:2")
            _ = try await bench.cluster.merge(
                .foreignClusters, name: "cloud",
                ["metadata": ["annotations": [Names.podSecurityAnnotation: "anything"]]])
            try await eventually("the narrower one applies") {
                bench.context.policy(of: bench.hub).security == .baseline
            }
            bench.want(Bench.pod("s", uid: "u4", spec: spec))
            try await eventually("refused") { bench.link.pod("s")?.refused?.reason == "NotAllowed" }
        }
    }

    @Test("no pod of a hub has a token of the edge's, whatever the hub says (A8)")
    func tokenless() async throws {
        try await Bench().run { bench in
            bench.want(
                Bench.namespace.merging(Bench.pod("p", spec: ["automountServiceAccountToken": true, "containers": []]))
                { $1 }
            )
            let pod = try await eventually("made") { try await bench.found("p") }
            #expect(pod.spec["automountServiceAccountToken"] == false)
        }
    }

    @Test("a pod that was just made is told of when there is news of it")
    func quiet() async throws {
        // Time stands still: it is always just made.
        let bench = try await Bench()
        bench.cluster.base.now = 1000
        try await bench.run { bench in
            bench.want(Bench.namespace.merging(Bench.pod("p")) { $1 })
            try await eventually("made") { try await bench.found("p") != nil }
            _ = try await bench.cluster.merge(.pods, namespace: "demo", name: "p", ["spec": ["nodeName": "n1"]])
            bench.want(Bench.pod("q", spec: ["hostPID": true]))
            try await eventually("the other one is refused") { bench.link.pod("q")?.refused != nil }
            #expect(bench.link.pod("p") == nil)
            try await bench.setStatus("p", ["phase": "Running"])
            try await eventually("told") { bench.link.pod("p")?.status["phase"]?.string == "Running" }
        }
    }

    @Test("a pod has no news while it waits for its node, and only then")
    func news() throws {
        func hasNoNews(_ status: JSON) -> Bool {
            LocalPod.hasNoNews(KubernetesObject(.pods, name: "p", namespace: "demo", ["status": status]))
        }
        #expect(hasNoNews([:]))
        #expect(hasNoNews(["phase": "Pending", "qosClass": "BestEffort"]))
        #expect(hasNoNews(["phase": "Pending", "conditions": [["type": "PodScheduled", "status": "True"]]]))
        let unschedulable: JSON = ["type": "PodScheduled", "status": "False", "reason": "Unschedulable"]
        #expect(!hasNoNews(["phase": "Pending", "conditions": [unschedulable]]))
        #expect(!hasNoNews(["phase": "Pending", "conditions": [["type": "Ready", "status": "False"]]]))
        #expect(!hasNoNews(["phase": "Pending", "containerStatuses": [["name": "c"]]]))
        #expect(!hasNoNews(["phase": "Running"]))
        #expect(!hasNoNews(["phase": "Pending", "reason": "Evicted"]))
    }

    @Test("another origin uid is another pod: the old one goes first")
    func replaced() async throws {
        try await Bench().run { bench in
            _ = try await running(bench)
            bench.want(Bench.pod("p", uid: "u2"))
            try await eventually("the old one is ending") { try await bench.found("p")?.isBeingDeleted == true }
            try await bench.cluster.delete(
                .pods, namespace: "demo", name: "p", DeleteOptions(gracePeriodSeconds: 0))
            try await eventually("the new one is there") {
                try await bench.found("p")?.label(Names.originUIDLabel) == "u2"
            }
            try await eventually("told") { bench.link.pod("p")?.originUID == "u2" }
        }
    }

    @Test("a wanted pod that somebody deletes here has not finished: it is made anew")
    func deletedHere() async throws {
        try await Bench().run { bench in
            let first = try await running(bench)
            try await bench.cluster.delete(.pods, namespace: "demo", name: "p", DeleteOptions(gracePeriodSeconds: 30))
            try await bench.setStatus("p", ["phase": "Failed", "podIP": "10.0.0.7"])
            try await eventually("told") { bench.link.pod("p")?.status["reason"]?.string == "DeletedAtEdge" }
            #expect(bench.link.pod("p")?.status["phase"]?.string == "Pending")
            try await bench.cluster.delete(.pods, namespace: "demo", name: "p", DeleteOptions(gracePeriodSeconds: 0))
            try await eventually("made anew") {
                let pod = try await bench.found("p")
                return pod != nil && pod?.uid != first.uid && pod?.label(Names.originUIDLabel) == "u1"
            }
        }
    }

    @Test("a pod that is to end is deleted with its grace, and told as gone when nothing is left")
    func ended() async throws {
        try await Bench().run { bench in
            _ = try await running(bench)
            bench.want(Bench.pod("p", grace: 7))
            try await eventually("ending") { try await bench.found("p")?.deletionGracePeriodSeconds == 7 }
            #expect(bench.link.pod("p")?.isGone == false)
            try await bench.cluster.delete(
                .pods, namespace: "demo", name: "p", DeleteOptions(gracePeriodSeconds: 0))
            try await eventually("gone") { bench.link.pod("p")?.isGone == true }
            bench.want([:], not: [.pod("demo", "p")])
            try await eventually("no longer told") { bench.link.pod("p") == nil }
        }
    }

    @Test("a pod that has finished at the origin is not made again")
    func finished() async throws {
        try await Bench().run { bench in
            bench.want(Bench.namespace.merging(Bench.pod("p", finished: true)) { $1 })
            try await eventually("told as gone") { bench.link.pod("p")?.isGone == true }
            #expect(try await bench.found("p") == nil)
        }
    }

    @Test(
        "a pod that has finished at the origin and runs here, as after an old backup of the edge, is ended and not made again"
    )
    func finishedElsewhere() async throws {
        try await Bench().run { bench in
            let old = try await running(bench)
            bench.want(Bench.pod("p", finished: true))
            try await eventually("ended") { try await bench.found("p")?.isBeingDeleted == true }
            try await bench.cluster.delete(
                .pods, namespace: "demo", name: "p", DeleteOptions(gracePeriodSeconds: 0, uid: old.uid))
            try await eventually("told as gone") { bench.link.pod("p")?.isGone == true }
            #expect(try await bench.found("p") == nil)
        }
    }

    @Test("a pod that has finished here is not made again, even before the hub has heard")
    func finishedHere() async throws {
        try await Bench().run { bench in
            _ = try await running(bench)
            try await bench.setStatus("p", ["phase": "Succeeded"])
            try await eventually("told") { bench.link.pod("p")?.status["phase"]?.string == "Succeeded" }
            try await bench.cluster.delete(
                .pods, namespace: "demo", name: "p", DeleteOptions(gracePeriodSeconds: 0))
            bench.want(Bench.pod("q"))
            try await eventually("others are still made") { try await bench.found("q") != nil }
            #expect(try await bench.found("p") == nil)
        }
    }

    @Test("a pod that somebody deletes by hand is made again and told (F19)")
    func handDeleted() async throws {
        try await Bench().run { bench in
            let old = try await running(bench)
            try await bench.cluster.delete(
                .pods, namespace: "demo", name: "p", DeleteOptions(gracePeriodSeconds: 0))
            try await eventually("told of another one") {
                let uid = bench.link.pod("p")?.edgeUID ?? ""
                return !uid.isEmpty && uid != old.uid
            }
        }
    }

    @Test(
        "a pod from which its API server takes the grace before it goes was deleted, unless it had an end before (F19)")
    func graceTakenAway() {
        func pod(_ restartPolicy: JSON = "Always", _ reason: JSON? = nil) -> KubernetesObject {
            var status: JSON = ["phase": "Failed"]
            status["reason"] = reason
            return KubernetesObject(
                .pods, name: "p", namespace: "demo",
                [
                    "metadata": [
                        "uid": "u", "deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 0,
                    ],
                    "spec": ["restartPolicy": restartPolicy], "status": status,
                ])
        }
        func told(_ phase: JSON, _ reason: JSON? = nil, uid: String = "u") -> ObservedPod {
            var status: JSON = ["phase": phase]
            status["reason"] = reason
            return ObservedPod(originUID: "o", edgeUID: uid, status: status)
        }
        #expect(LocalPod.wasEndedByDeletion(pod(), told: told("Running")))
        #expect(LocalPod.wasEndedByDeletion(pod("Never"), told: told("Pending", "DeletedAtEdge")))
        #expect(LocalPod.wasEndedByDeletion(pod("Never"), told: told("Pending", "StoppedWithoutHub")))
        #expect(!LocalPod.wasEndedByDeletion(pod("Never"), told: told("Running")))
        #expect(!LocalPod.wasEndedByDeletion(pod("Always", "Evicted"), told: told("Running")))
        #expect(!LocalPod.wasEndedByDeletion(pod(), told: told("Failed")))
        #expect(!LocalPod.wasEndedByDeletion(pod(), told: told("Running", uid: "another")))
        #expect(!LocalPod.wasEndedByDeletion(pod(), told: nil))
    }

    @Test("a pod that nobody wants goes once all wants are known, and not before (I3)")
    func unwanted() async throws {
        try await Bench().run { bench in
            _ = try await running(bench)
            // As after a restart: nothing of the hub's wants is known.
            _ = bench.hub.attach(bench.link, epoch: 2, isNewEpoch: true, certificateNotAfter: 2000)
            bench.hub.publish(to: bench.link)
            bench.reconcilers.lookAtAll(of: bench.hub)
            bench.want(Bench.namespace.merging(Bench.pod("q")) { $1 }, complete: false)
            try await eventually("the new pod is there") { try await bench.found("q") != nil }
            #expect(try await bench.found("p")?.isBeingDeleted == false)
            bench.want([:])
            try await eventually("ending") { try await bench.found("p")?.isBeingDeleted == true }
        }
    }

    @Test("what the API refuses is told with its words, and tried again")
    func refused() async throws {
        try await Bench().run { bench in
            bench.cluster.refuse { type, object in
                type == .pods ? APIError.forbidden(.pods, object.name, "exceeded quota: few") : nil
            }
            bench.want(Bench.namespace.merging(Bench.pod("p")) { $1 })
            try await eventually("refused") { bench.link.pod("p")?.refused?.reason == "Forbidden" }
            #expect(bench.link.pod("p")?.refused?.message.contains("exceeded quota") == true)
            bench.cluster.refuse(nil)
            try await eventually("made") { bench.link.pod("p")?.edgeUID.isEmpty == false }
        }
    }

    @Test("a new namespace that has no service account yet is waited for, and the hub not told of a refusal")
    func awaitsServiceAccount() async throws {
        let refusals = Mutex(0)
        try await Bench(now: 20).run { bench in
            bench.cluster.refuse { type, object in
                guard type == .pods else { return nil }
                refusals.withLock { $0 += 1 }
                return APIError.forbidden(
                    .pods, object.name,
                    "error looking up service account demo/default: serviceaccount \"default\" not found")
            }
            bench.want(Bench.namespace.merging(Bench.pod("p")) { $1 })
            try await eventually("tried again") { refusals.withLock { $0 } >= 3 }
            #expect(bench.link.pod("p")?.refused == nil)
            bench.cluster.refuse(nil)
            try await eventually("made") { bench.link.pod("p")?.edgeUID.isEmpty == false }
        }
    }

    @Test("a pod of somebody's own in the hub's namespace is neither adopted nor deleted")
    func foreignPod() async throws {
        try await Bench().run { bench in
            bench.want(Bench.namespace)
            try await eventually("Ready") { bench.link.namespace("demo")?.state == .ready }
            let own = try await bench.cluster.base.create(
                .pods, KubernetesObject(.pods, name: "p", namespace: "demo"))
            bench.want(Bench.pod("p"))
            try await eventually("refused") { bench.link.pod("p")?.refused?.reason == "AlreadyExists" }
            bench.want([:], not: [.pod("demo", "p")])
            try await eventually("no longer told") { bench.link.pod("p") == nil }
            #expect(try await bench.found("p") == own)
        }
    }

    @Test("what the hub changes of a running pod is changed here")
    func updated() async throws {
        try await Bench().run { bench in
            let old = try await running(bench)
            bench.want(Bench.pod("p", spec: ["containers": [["name": "c", "image": "nginx:2"]]]))
            try await eventually("the image is new") {
                try await bench.found("p")?.spec["containers"]?[0]?["image"]?.string == "nginx:2"
            }
            #expect(try await bench.found("p")?.uid == old.uid)
        }
    }
}
