/// The structs that every object of a built-in kind has, even an empty one, because Kubernetes' types hold them by value.
///
/// Setting a field within one of them does not add the struct itself. Custom resources have none.
struct FieldSkeleton: Sendable {
    let children: [String: FieldSkeleton]
    /// Whether the place holds a list rather than a struct.
    let isList: Bool

    private init(_ children: [String: FieldSkeleton], isList: Bool = false) {
        self.children = children
        self.isList = isList
    }

    static let none = FieldSkeleton([:])

    private static let list = FieldSkeleton([:], isList: true)
    private static let pod = FieldSkeleton(["containers": list])
    private static let template = FieldSkeleton(["metadata": none, "spec": pod])
    private static let workload = FieldSkeleton(["template": template, "strategy": none])

    private static func object(spec: FieldSkeleton = none, status: FieldSkeleton = none) -> FieldSkeleton {
        FieldSkeleton(["metadata": none, "spec": spec, "status": status])
    }

    private static let common = object()
    private static let special: [String: FieldSkeleton] = [
        "Pod": object(spec: pod),
        "Deployment": object(spec: workload),
        "ReplicaSet": object(spec: FieldSkeleton(["template": template])),
        "Job": object(spec: FieldSkeleton(["template": template])),
        "Service": object(status: FieldSkeleton(["loadBalancer": none])),
        "Node": object(
            status: FieldSkeleton(["nodeInfo": none, "daemonEndpoints": FieldSkeleton(["kubeletEndpoint": none])])),
        "Event": FieldSkeleton(["metadata": none, "involvedObject": none, "source": none, "regarding": none]),
        "CustomResourceDefinition": object(
            spec: FieldSkeleton(["names": none]),
            status: FieldSkeleton(["acceptedNames": none, "conditions": list])),
    ]

    /// - Parameter schema: the kind's own.
    static func of(kind: String, _ schema: Schema?) -> FieldSkeleton {
        guard let schema, !schema.isStructural else { return none }
        return special[kind] ?? common
    }
}
