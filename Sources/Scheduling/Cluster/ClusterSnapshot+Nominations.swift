public import KubernetesModel

/// Room that was made for pods which are not there yet.
extension ClusterSnapshot {
    /// Keeps the pod's room on the node it names free of pods of lower priority, until it is placed or forgotten.
    public mutating func nominate(_ pod: PlacedPod) { nominations[pod.key] = pod }

    /// - Returns: the pod as it was nominated; `nil` where it was not.
    @discardableResult
    public mutating func removeNomination(_ key: ObjectKey) -> PlacedPod? { nominations.removeValue(forKey: key) }

    /// The pod with the node on which room was made for it.
    public func nomination(of key: ObjectKey) -> PlacedPod? { nominations[key] }

    /// Nominated pods of lower priority than another that will have their node.
    public func nominations(on node: String, below priority: Int) -> [PlacedPod] {
        nominations.values.filter { $0.node == node && $0.priority < priority }.sorted { $0.key < $1.key }
    }

    /// Nominated pods that go before another, by their node.
    func nominations(before pod: PendingPod) -> [String: [PlacedPod]] {
        guard !nominations.isEmpty else { return [:] }
        let others = nominations.values.filter { $0.priority >= pod.asPlaced.priority && $0.key != pod.key }
        return Dictionary(grouping: others, by: \.node)
    }

    /// The first filter that refuses a node; `nil` where the node will do, with and without the pods that room was made for.
    mutating func refusal(of node: String, for pod: PendingPod, excluding exclusions: [String: String]) -> Refusal? {
        let guests = nominations(before: pod)[node] ?? []
        if let refusal = refusal(of: node, for: pod, excluding: exclusions, beside: guests) { return refusal }
        guard !guests.isEmpty else { return nil }
        return refusal(of: node, for: pod, excluding: exclusions, beside: [])
    }

    /// - Parameter guests: pods that are taken as if they were on the node.
    mutating func refusal(
        of node: String, for pod: PendingPod, excluding exclusions: [String: String], beside guests: [PlacedPod]
    ) -> Refusal? {
        trial { snapshot in
            let absent = guests.filter { snapshot.pod($0.key) == nil }
            for guest in absent { snapshot.setPod(guest) }
            defer { for guest in absent { snapshot.removePod(guest.key) } }
            guard let entry = snapshot.node(node) else { return nil }
            return SchedulingCycle(pod, &snapshot, exclusions: exclusions).firstRefusal(of: entry)
        }
    }
}
