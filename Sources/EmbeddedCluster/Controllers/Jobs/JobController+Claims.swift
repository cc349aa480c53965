import ClusterAPI
import JSONTree
import KubernetesModel

extension JobController {
    /// The Jobs that select a pod which nobody manages.
    func jobs(selecting pod: KubernetesObject) -> [KubernetesObject] {
        // Pods have the Job's uid as a label: there is rarely more than one.
        jobs.objects(index: "namespace", pod.namespace).filter { job in
            !job.isBeingDeleted && Self.selector(of: job)?.matches(pod) == true
        }
    }

    private static func selector(of job: KubernetesObject) -> LabelSelector? {
        guard let json = job.spec["selector"], let selector = try? LabelSelector(json), !selector.isEmpty else {
            return nil
        }
        return selector
    }

    /// The pods that a Job manages, after taking over matching ones and giving up those that match no longer.
    func claimed(by job: KubernetesObject) async throws -> [PodFacts] {
        let own = context.pods.pods(controlledBy: job.uid).filter { $0.object.namespace == job.namespace }
        guard !job.isBeingDeleted, let selector = Self.selector(of: job) else { return own }
        var claimed: [PodFacts] = []
        for pod in own {
            if selector.matches(pod.object) || pod.isBeingDeleted {
                claimed.append(pod)
            } else {
                try await give(pod.object, upBy: job)
            }
        }
        let orphans = context.pods.orphans(in: job.namespace).filter {
            selector.matches($0.object) && !$0.isBeingDeleted
        }
        for orphan in orphans {
            do {
                let references = orphan.object.ownerReferences.filter { $0.uid != job.uid }
                let isHeld = JobTracking.isHeld(orphan.object)
                let adopted = try await change(
                    orphan.object, references + [OwnerReference(controller: job)],
                    orphan.object.finalizers + (isHeld ? [] : [JobTracking.finalizer]))
                claimed.append(PodFacts(adopted))
            } catch let error as APIError where error.isNotFound {
                continue
            }
        }
        return claimed
    }

    private func give(_ pod: KubernetesObject, upBy job: KubernetesObject) async throws {
        do {
            _ = try await change(
                pod, pod.ownerReferences.filter { $0.uid != job.uid },
                pod.finalizers.filter { $0 != JobTracking.finalizer })
        } catch let error as APIError where error.isNotFound {
            return
        }
    }

    private func change(
        _ pod: KubernetesObject, _ references: [OwnerReference], _ finalizers: [String]
    ) async throws -> KubernetesObject {
        try await context.cluster.merge(
            .pods, namespace: pod.namespace, name: pod.name,
            [
                "metadata": [
                    "uid": .string(pod.uid), "resourceVersion": .string(pod.resourceVersion),
                    "ownerReferences": references.isEmpty ? .null : .array(references.map(\.json)),
                    "finalizers": finalizers.isEmpty ? .null : JSON(finalizers),
                ]
            ])
    }
}
