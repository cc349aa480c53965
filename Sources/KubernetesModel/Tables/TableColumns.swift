public import JSONTree

/// How a kind is printed: its columns, and a row for one object.
public struct TableColumns: Sendable {
    public let columns: [TableColumn]
    /// The cells of an object's row.
    ///
    /// - Parameter now: seconds since 1970, for ages.
    public let row: @Sendable (_ object: KubernetesObject, _ now: Int) -> [JSON]

    init(_ columns: [TableColumn], _ row: @escaping @Sendable (KubernetesObject, Int) -> [JSON]) {
        self.columns = columns
        self.row = row
    }

    private static let builtIn: [String: TableColumns] = [
        "namespaces": .namespaces, "nodes": .nodes, "pods": .pods, "podtemplates": .podTemplates,
        "replicationcontrollers": .replicationControllers,
        "services": .services, "endpoints": .endpoints,
        "configmaps": .configMaps, "secrets": .secrets, "serviceaccounts": .serviceAccounts, "events": .events,
        "events.events.k8s.io": .events, "deployments.apps": .deployments, "replicasets.apps": .replicaSets,
        "jobs.batch": .jobs, "leases.coordination.k8s.io": .leases,
        "endpointslices.discovery.k8s.io": .endpointSlices,
        "poddisruptionbudgets.policy": .podDisruptionBudgets,
        "priorityclasses.scheduling.k8s.io": .priorityClasses,
    ]

    /// The columns of a built-in kind; name and creation time for those that have none of their own.
    public static func columns(for type: ResourceType) -> TableColumns {
        builtIn[type.groupResource] ?? .plain
    }

    /// What is printed of kinds without columns of their own, such as custom resource definitions.
    static let plain = TableColumns([.objectName, TableColumn("Created At", "date")]) { object, _ in
        [.string(object.name), .string(object.creationTimestamp)]
    }
}

extension KubernetesObject {
    /// The cell of the column `Age`.
    func age(_ now: Int) -> JSON { .string(HumanDuration.since(creationTimestamp, now: now)) }
    var nameCell: JSON { .string(name) }
}
