import OffloadingModel

extension ClusterStatus {
    /// The boxes of `status`.
    var boxes: [Box] {
        var boxes = [namespaceBox]
        guard unreachable == nil else { return boxes }
        boxes.append(controlPlaneBox)
        if let info { boxes.append(Self.informationBox(info)) }
        if info != nil { boxes.append(peersBox) }
        return boxes
    }

    private static func mark(_ isGood: Bool) -> String { isGood ? "✔" : "✖" }

    private var namespaceBox: Box {
        let line: String
        if let unreachable {
            line = "✖ \(unreachable)"
        } else {
            line =
                "\(Self.mark(hasSystemNamespace)) causeway control plane namespace \(Names.systemNamespace) "
                + (hasSystemNamespace ? "exists" : "does not exist")
        }
        return Box(title: "Namespace existence check", entries: [.line(line)])
    }

    private var controlPlaneBox: Box {
        var daemons = (info?.daemons ?? []).map { info in
            Box.Pair(
                "causeway-\(info.role.rawValue)",
                info.version.isEmpty ? "Running" : "Running, version \(info.version)")
        }
        if daemons.isEmpty { daemons = [Box.Pair("causeway", infoProblem ?? "Unknown")] }
        return Box(
            title: "Control plane check",
            entries: [
                .section(
                    "Daemon",
                    [
                        .pairs(
                            daemons + [
                                Box.Pair("API server", "Reachable at \(target.server)"),
                                Box.Pair("Custom resources", servesCustomResources ? "Served" : "Missing"),
                            ])
                    ]),
                .section(
                    "Nodes",
                    nodes.isEmpty
                        ? [.line("None")]
                        : [.pairs(nodes.map { Box.Pair($0.name, $0.isReady ? $0.text : "\($0.text) (\($0.message))") })]
                ),
            ])
    }

    private static func informationBox(_ facts: ClusterFacts) -> Box {
        let info = facts.first
        let labels = info.labels.keys.sorted().map { Box.Pair($0, info.labels[$0] ?? "") }
        var identity: [Box.Entry] = [
            .pairs([Box.Pair("Cluster ID", info.clusterID), Box.Pair("Cluster name", info.clusterName)])
        ]
        if !labels.isEmpty { identity.append(.section("Cluster labels", [.pairs(labels)])) }
        identity.append(
            .section(
                "Configuration",
                [
                    .pairs([
                        Box.Pair("Version", info.version), Box.Pair("Role", facts.roles),
                        Box.Pair("Mode", info.mode),
                    ])
                ]))
        var endpoints: [Box.Pair] = []
        for daemon in facts.daemons where !daemon.peerAddress.isEmpty {
            let url = PeerURL(address: daemon.peerAddress).map { "\($0)" } ?? daemon.peerAddress
            let whose = facts.second == nil ? "" : " (\(daemon.role.rawValue))"
            endpoints.append(Box.Pair("Authentication\(whose)", url))
        }
        endpoints.append(Box.Pair("Kubernetes API server", info.apiServer))
        return Box(
            title: "Local cluster information",
            entries: [
                .section("Cluster identity", identity),
                .section("Network", [.pairs([Box.Pair("Pod CIDR", info.podCIDR)])]),
                .section("Endpoints", [.pairs(endpoints)]),
            ])
    }

    private var peersBox: Box {
        guard !peers.isEmpty else {
            let name = info?.clusterName ?? target.context
            return Box(
                title: "Peered clusters",
                entries: [.line("Local cluster \"\(name)\" is not peered with any remote cluster")])
        }
        return Box(title: "Peered clusters", entries: peers.map { .section($0.name, [.pairs($0.summary)]) })
    }
}

extension PeerStatus {
    /// What `status` shows of the peer in the overview.
    fileprivate var summary: [Box.Pair] {
        let roundTrip = cluster.roundTripTime.map { ", round-trip time \($0)" } ?? ""
        var pairs = [
            Box.Pair("Outgoing peering", text(.outgoing)), Box.Pair("Incoming peering", text(.incoming)),
            Box.Pair("Networking", text(.network) + roundTrip), Box.Pair("Authentication", text(.authentication)),
        ]
        if let node { pairs.append(Box.Pair("Virtual node", "\(node.name), \(node.text)")) }
        return pairs
    }

    /// A condition's word, and why where it is not as it should be.
    func text(_ type: PeeringConditionType) -> String {
        let condition = cluster.condition(type)
        guard condition.status != .established, condition.status != .none else { return condition.status.rawValue }
        let why = condition.message.isEmpty ? condition.reason : condition.message
        return condition.status.rawValue + (why.isEmpty ? "" : " (\(why))")
    }
}
