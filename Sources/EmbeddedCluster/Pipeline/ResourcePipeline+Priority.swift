import JSONTree
import KubernetesModel

extension ResourcePipeline {
    /// Gives a new pod the priority of the class that it names, or of the default class.
    ///
    /// - Throws: 403 where the class does not exist.
    func setPriority(of pod: inout KubernetesObject) throws(APIError) {
        let named = pod.spec["priorityClassName"]?.string ?? ""
        let resource = ResourceID(.priorityClasses)
        guard !named.isEmpty else {
            let classes = store.objects(resource, in: nil).objects.map(\.object)
            // Of several defaults the lowest counts.
            let standard = classes.filter { $0.json["globalDefault"]?.bool == true }
                .min { ($0.json["value"]?.int ?? 0) < ($1.json["value"]?.int ?? 0) }
            return PodAdmission.setPriority(of: &pod.json, from: standard)
        }
        guard let found = store.object(ObjectReference(resource: resource, key: ObjectKey(name: named))) else {
            throw APIError.forbidden(.pods, pod.name, "no PriorityClass with name \(named) was found")
        }
        PodAdmission.setPriority(of: &pod.json, from: found.object)
    }
}
