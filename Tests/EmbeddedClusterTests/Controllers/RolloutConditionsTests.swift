import JSONTree
import KubernetesModel
import Testing

@testable import EmbeddedCluster

@Suite("The conditions of a Deployment")
struct RolloutConditionsTests {
    private let spec = RolloutSpec(
        replicas: 2, strategy: .rollingUpdate(maxSurge: 1, maxUnavailable: 0), progressDeadlineSeconds: 60)

    private func progressing(_ reason: String, since: Int) -> JSON {
        let time = JSON.string(Timestamp.text(since))
        return [
            [
                "type": "Progressing", "status": "True", "reason": .string(reason), "message": "",
                "lastUpdateTime": time, "lastTransitionTime": time,
            ]
        ]
    }

    private func set(_ conditions: inout RolloutConditions, updated: Int, available: Int, before: Int) {
        var status = RolloutStatus()
        (status.replicas, status.updated, status.available, status.ready) = (updated, updated, available, available)
        var old = status
        (old.available, old.ready) = (before, before)
        conditions.setProgressing(
            status, before: old, spec, deployment: "web", newest: "web-abc", isObserved: true)
    }

    @Test("progress renews the time from which the deadline counts, and nothing else does")
    func renews() {
        var conditions = RolloutConditions(progressing("ReplicaSetUpdated", since: 1000), now: 1030)
        set(&conditions, updated: 2, available: 1, before: 1)
        #expect(conditions.secondsLeft(60) == 30)
        set(&conditions, updated: 2, available: 1, before: 0)
        #expect(conditions.secondsLeft(60) == 60)
        #expect(
            conditions.find("Progressing")?["lastTransitionTime"]?.string == Timestamp.text(1000))
    }

    @Test("a rollout that stands still for too long has failed, and says which ReplicaSet")
    func timesOut() {
        var conditions = RolloutConditions(progressing("ReplicaSetUpdated", since: 1000), now: 1061)
        set(&conditions, updated: 2, available: 1, before: 1)
        let condition = conditions.find("Progressing")
        #expect(condition?["status"]?.string == "False")
        #expect(condition?["reason"]?.string == "ProgressDeadlineExceeded")
        #expect(condition?["message"]?.string == "ReplicaSet \"web-abc\" has timed out progressing.")
    }

    @Test("a finished rollout stays finished while a pod is away")
    func staysFinished() {
        var conditions = RolloutConditions(progressing("NewReplicaSetAvailable", since: 1000), now: 9000)
        set(&conditions, updated: 2, available: 1, before: 2)
        #expect(conditions.reason(of: "Progressing") == "NewReplicaSetAvailable")
        #expect(conditions.secondsLeft(60) == nil)
    }

    @Test("pausing and resuming show")
    func pauses() {
        var paused = spec
        paused.isPaused = true
        var conditions = RolloutConditions(progressing("ReplicaSetUpdated", since: 1000), now: 9000)
        conditions.setPaused(paused)
        #expect(conditions.reason(of: "Progressing") == "DeploymentPaused")
        conditions.setPaused(spec)
        #expect(conditions.reason(of: "Progressing") == "DeploymentResumed")
        #expect(conditions.secondsLeft(60) == 60)
    }
}
