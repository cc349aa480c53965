import ClusterAPI
import JSONTree
import KubernetesModel

/// One look at one Deployment: performs the step that its plan names and tells the outcome as status.
struct Rollout {
    private let context: ControllerContext
    private let announcer: Announcer
    private var deployment: KubernetesObject
    private let spec: RolloutSpec
    private var newest: KubernetesObject?
    private var old: [KubernetesObject]
    private var conditions: RolloutConditions
    private var collisions: Int?

    init(
        context: ControllerContext, announcer: Announcer, deployment: KubernetesObject, replicaSets: [KubernetesObject]
    ) {
        self.context = context
        self.announcer = announcer
        self.deployment = deployment
        spec = RolloutSpec(deployment)
        conditions = RolloutConditions(deployment.status["conditions"], now: context.now())
        collisions = deployment.status["collisionCount"]?.int
        let template = deployment.spec["template"] ?? .null
        let sorted = replicaSets.sorted {
            RolloutReplicaSet.isOlder(RolloutReplicaSet($0), RolloutReplicaSet($1))
        }
        // Of several equal ones, which only hands can make, the oldest wins for good.
        let place = sorted.firstIndex {
            TemplateHash.areEqual($0.spec["template"] ?? .null, template) && !$0.isBeingDeleted
        }
        newest = place.map { sorted[$0] }
        old = sorted.enumerated().filter { $0.offset != place }.map(\.element)
    }

    private var newestRevision: Int { (old.map { RolloutReplicaSet($0).revision }.max() ?? 0) + 1 }

    // MARK: - The next step

    mutating func advance(hasOldPods: (KubernetesObject) -> Bool) async throws {
        conditions.setPaused(spec)
        try await annotateNewest()
        let sets = old.map { RolloutReplicaSet($0) }
        let now = newest.map { RolloutReplicaSet($0) }
        let plan = RolloutPlan.next(
            spec, newest: now, old: sets,
            hasOldPods: spec.strategy == .recreate && old.contains(where: hasOldPods),
            isComplete: RolloutStatus(newest: now, old: sets).isComplete(spec))
        for action in plan.actions {
            switch action {
            case .create(let replicas): try await create(replicas)
            case .scale(let name, let size): try await scale(name, to: size)
            case .note(let name): try await scale(name, to: nil)
            case .delete(let name): try await delete(name)
            }
        }
    }

    /// Gives the newest ReplicaSet its revision and the Deployment's annotations, and the Deployment the revision.
    private mutating func annotateNewest() async throws {
        guard var changed = newest else { return }
        if conditions.find("Progressing") == nil, spec.progressDeadlineSeconds != nil {
            conditions.set(
                "Progressing", "True", "FoundNewReplicaSet", "Found new replica set \"\(changed.name)\"")
        }
        changed.annotations = RolloutAnnotations.ofNewest(
            changed.annotations, deployment: deployment.annotations, newest: newestRevision, isNew: false)
        if spec.minReadySeconds != changed.spec["minReadySeconds"]?.int ?? 0 {
            changed.json["spec", "minReadySeconds"] = JSON(spec.minReadySeconds)
        }
        if changed != newest { newest = try await context.cluster.update(.replicaSets, changed) }
        try await noteRevision()
    }

    private mutating func noteRevision() async throws {
        guard let revision = newest?.annotation(RolloutAnnotations.revision),
            deployment.annotation(RolloutAnnotations.revision) != revision
        else { return }
        deployment = try await context.cluster.merge(
            .deployments, namespace: deployment.namespace, name: deployment.name,
            [
                "metadata": [
                    "uid": .string(deployment.uid), "annotations": [RolloutAnnotations.revision: .string(revision)],
                ]
            ])
    }

    private mutating func create(_ replicas: Int) async throws {
        let template = deployment.spec["template"] ?? .null
        let hash = TemplateHash.of(template, collisions: collisions ?? 0)
        var replicaSet = Self.replicaSet(of: deployment, spec, hash: hash, replicas: replicas)
        replicaSet.annotations = RolloutAnnotations.scaled(
            RolloutAnnotations.ofNewest(
                [:], deployment: deployment.annotations, newest: newestRevision, isNew: true), spec)
        do {
            newest = try await context.cluster.create(.replicaSets, replicaSet)
        } catch let error as APIError where error.isAlreadyExists {
            try await resolveCollision(replicaSet.name, template)
            return
        } catch let error as APIError where error.causes.contains(where: { $0.reason == "NamespaceTerminating" }) {
            return
        } catch {
            let message = "Failed to create new replica set \"\(replicaSet.name)\": \(error)"
            announcer.tell(.warning, deployment, reason: "ReplicaSetCreateError", message)
            if spec.progressDeadlineSeconds != nil {
                conditions.set("Progressing", "False", "ReplicaSetCreateError", "\(error)")
                _ = try? await storeStatus()
            }
            throw error
        }
        if replicas > 0 {
            announcer.tell(
                .normal, deployment, reason: "ScalingReplicaSet",
                "Scaled up replica set \(replicaSet.name) from 0 to \(replicas)")
        }
        if spec.progressDeadlineSeconds != nil {
            conditions.set(
                "Progressing", "True", "NewReplicaSetCreated", "Created new replica set \"\(replicaSet.name)\"")
        }
        try await noteRevision()
    }

    /// The name is taken: by our own ReplicaSet that was not seen yet, or by another one, which asks for another hash.
    private mutating func resolveCollision(_ name: String, _ template: JSON) async throws {
        let other = try await context.cluster.find(.replicaSets, namespace: deployment.namespace, name: name)
        if let other, other.controller?.uid == deployment.uid,
            TemplateHash.areEqual(other.spec["template"] ?? .null, template)
        {
            newest = other
        } else if other != nil {
            collisions = (collisions ?? 0) + 1
        }
    }

    /// - Parameter size: `nil` to record the Deployment's size only.
    private mutating func scale(_ name: String, to size: Int?) async throws {
        guard var replicaSet = ([newest].compactMap(\.self) + old).first(where: { $0.name == name }) else { return }
        let before = replicaSet.spec["replicas"]?.int ?? 1
        if let size { replicaSet.json["spec", "replicas"] = JSON(size) }
        replicaSet.annotations = RolloutAnnotations.scaled(replicaSet.annotations, spec)
        let stored = try await context.cluster.update(.replicaSets, replicaSet)
        if newest?.name == name { newest = stored }
        if let place = old.firstIndex(where: { $0.name == name }) { old[place] = stored }
        guard let size, size != before else { return }
        announcer.tell(
            .normal, deployment, reason: "ScalingReplicaSet",
            "Scaled \(size > before ? "up" : "down") replica set \(name) from \(before) to \(size)")
    }

    private mutating func delete(_ name: String) async throws {
        guard let replicaSet = old.first(where: { $0.name == name }) else { return }
        try await context.cluster.deleteIfPresent(
            .replicaSets, namespace: replicaSet.namespace, name: name,
            DeleteOptions(propagation: .background, uid: replicaSet.uid))
        old.removeAll { $0.name == name }
    }

    private static func replicaSet(
        of deployment: KubernetesObject, _ spec: RolloutSpec, hash: String, replicas: Int
    ) -> KubernetesObject {
        var template = deployment.spec["template"] ?? .null
        template["metadata", "labels", TemplateHash.label] = .string(hash)
        var selector = deployment.spec["selector"] ?? .null
        selector["matchLabels", TemplateHash.label] = .string(hash)
        var fields: JSON = ["replicas": JSON(replicas)]
        if spec.minReadySeconds > 0 { fields["minReadySeconds"] = JSON(spec.minReadySeconds) }
        fields["selector"] = selector
        fields["template"] = template
        var replicaSet = KubernetesObject(
            .replicaSets, name: "\(deployment.name)-\(hash)", namespace: deployment.namespace, ["spec": fields])
        replicaSet.labels = template["metadata"]?["labels"]?.stringMap ?? [:]
        replicaSet.ownerReferences = [OwnerReference(controller: deployment)]
        return replicaSet
    }

    // MARK: - Status

    /// - Returns: when to look again for the progress deadline.
    mutating func storeStatus() async throws -> Requeue {
        let now = newest.map { RolloutReplicaSet($0) }
        let status = RolloutStatus(newest: now, old: old.map { RolloutReplicaSet($0) })
        conditions.setAvailable(status, spec)
        if !spec.isPaused, !deployment.isBeingDeleted {
            conditions.setProgressing(
                status, before: RolloutStatus(deployment.status), spec, deployment: deployment.name,
                newest: newest?.name, isObserved: true)
        }
        conditions.setFailure(from: [newest].compactMap(\.self) + old)
        try await StatusWriter(cluster: context.cluster, type: .deployments).write(
            status.json(
                observedGeneration: deployment.generation, collisions: collisions, conditions: conditions),
            of: deployment)
        guard !spec.isPaused, let deadline = spec.progressDeadlineSeconds,
            let left = conditions.secondsLeft(deadline)
        else { return .none }
        return .after(.seconds(max(1, left + 1)))
    }
}
