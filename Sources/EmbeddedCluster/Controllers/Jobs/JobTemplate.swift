import JSONTree
import KubernetesModel

/// The pods of a Job, as its template makes them.
enum JobTemplate {
    /// A pod for the Job, or for one of its completions; the API completes its name.
    ///
    /// - Parameter failures: annotations that tell how often the index has failed.
    static func pod(for job: KubernetesObject, index: Int?, failures: [String: JSON] = [:]) -> KubernetesObject {
        let template = job.spec["template"]
        var metadata: JSON = [
            "generateName": .string(job.name + "-"), "namespace": .string(job.namespace),
        ]
        for field in ["labels", "annotations"] {
            if let value = template?["metadata"]?[field], !value.isNull { metadata[field] = value }
        }
        metadata["finalizers"] = JSON((template?["metadata"]?["finalizers"]?.strings ?? []) + [JobTracking.finalizer])
        metadata["ownerReferences"] = [OwnerReference(controller: job).json]
        var spec = template?["spec"] ?? .object(JSONObject())
        if let index {
            let text = JSON.string(String(index))
            metadata["generateName"] = .string("\(job.name)-\(index)-")
            metadata["annotations", JobIndexes.key] = text
            metadata["labels", JobIndexes.key] = text
            for (key, value) in failures { metadata["annotations", key] = value }
            if spec["hostname"] == nil { spec["hostname"] = .string("\(job.name)-\(index)") }
            for list in ["initContainers", "containers"] {
                guard let containers = spec[list]?.array else { continue }
                spec[list] = .array(containers.map(withIndex))
            }
        }
        return KubernetesObject(["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec])
    }

    /// Tells a container its index in `JOB_COMPLETION_INDEX`, unless it has a variable of that name.
    private static func withIndex(_ container: JSON) -> JSON {
        let name = "JOB_COMPLETION_INDEX"
        let variables = container["env"]?.array ?? []
        guard !variables.contains(where: { $0["name"]?.string == name }) else { return container }
        var container = container
        container["env"] = .array(
            variables + [
                [
                    "name": .string(name),
                    "valueFrom": ["fieldRef": ["fieldPath": .string("metadata.labels['\(JobIndexes.key)']")]],
                ]
            ])
        return container
    }
}
