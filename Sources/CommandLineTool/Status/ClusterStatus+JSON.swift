import JSONTree
import OffloadingModel

extension ClusterStatus {
    /// What `status -o json` prints. The shape is stable: members are added, never renamed or removed.
    ///
    /// ```
    /// {
    ///   "healthy": true,                    whether "problems" is empty, which the exit status says as well
    ///   "problems": [{"subject", "message", "remedy"}],
    ///   "target": {"context", "server"},    which cluster was asked
    ///   "cluster": null or {"id", "name", "role", "labels", "version", "mode", "podCIDR", "peerAddress", "apiServer",
    ///     "daemons": [{"role", "version", "mode", "peerAddress"}]},      one, or a hub and an agent
    ///   "nodes": [{"name", "ready", "message"}],
    ///   "peers": [{
    ///     "name", "clusterID", "clusterName", "authURL", "hubURL", "outgoingPeeringEnabled", "incomingPeeringEnabled",
    ///     "conditions": {"OutgoingPeering": {"status", "reason", "message"}, …},
    ///     "roundTripTime": null or "1.2ms",
    ///     "virtualNode": null or {"name", "ready", "schedulable", "edgeState", "allocatable"}
    ///   }]
    /// }
    /// ```
    ///
    /// - Parameter problems: those that count.
    func json(problems: [StatusProblem]) -> JSON {
        [
            "healthy": .bool(problems.isEmpty),
            "problems": .array(
                problems.map {
                    ["subject": .string($0.subject), "message": .string($0.message), "remedy": .string($0.remedy)]
                }),
            "target": ["context": .string(target.context), "server": .string(target.server)],
            "cluster": info.map(Self.json) ?? .null,
            "nodes": .array(
                nodes.map {
                    ["name": .string($0.name), "ready": .bool($0.isReady), "message": .string($0.message)]
                }),
            "peers": .array(peers.map(\.json)),
        ]
    }

    private static func json(_ facts: ClusterFacts) -> JSON {
        let info = facts.first
        return [
            "id": .string(info.clusterID), "name": .string(info.clusterName), "role": .string(info.role.rawValue),
            "labels": JSON(info.labels), "version": .string(info.version), "mode": .string(info.mode),
            "podCIDR": .string(info.podCIDR), "peerAddress": .string(info.peerAddress),
            "apiServer": .string(info.apiServer),
            "daemons": .array(
                facts.daemons.map {
                    [
                        "role": .string($0.role.rawValue), "version": .string($0.version), "mode": .string($0.mode),
                        "peerAddress": .string($0.peerAddress),
                    ]
                }),
        ]
    }
}

extension PeerStatus {
    fileprivate var json: JSON {
        let conditions = PeeringConditionType.allCases.map { type -> (String, JSON) in
            let condition = cluster.condition(type)
            return (
                type.rawValue,
                [
                    "status": .string(condition.status.rawValue), "reason": .string(condition.reason),
                    "message": .string(condition.message),
                ]
            )
        }
        return [
            "name": .string(name), "clusterID": .string(cluster.clusterID), "clusterName": .string(cluster.clusterName),
            "authURL": .string(cluster.authURL), "hubURL": .string(cluster.hubURL),
            "outgoingPeeringEnabled": .string(cluster.outgoingEnabled.rawValue),
            "incomingPeeringEnabled": .string(cluster.incomingEnabled.rawValue),
            "conditions": .object(JSONObject(conditions)),
            "roundTripTime": cluster.roundTripTime.map(JSON.string) ?? .null,
            "virtualNode": node.map { node in
                [
                    "name": .string(node.name), "ready": .bool(node.isReady), "schedulable": .bool(node.isSchedulable),
                    "edgeState": .string(node.edgeState), "allocatable": JSON(node.allocatable),
                ]
            } ?? .null,
        ]
    }
}
