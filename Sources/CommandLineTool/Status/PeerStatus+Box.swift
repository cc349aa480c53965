import JSONTree
import KubernetesModel
import OffloadingModel

extension PeerStatus {
    /// What `status peer` shows of the peer.
    ///
    /// - Parameters:
    ///   - local: the name of the local cluster.
    ///   - isVerbose: whether addresses, versions and reasons are shown as well.
    func entry(local: String, isVerbose: Bool) -> Box.Entry {
        var entries: [Box.Entry] = [
            .pairs([Box.Pair("Type", cluster.object.spec["peeringType"]?.string ?? "OutOfBand")]),
            .section(
                "Direction", [.pairs([Box.Pair("Outgoing", text(.outgoing)), Box.Pair("Incoming", text(.incoming))])]),
        ]
        var authentication = [Box.Pair("Status", text(.authentication))]
        if isVerbose {
            let urls = [cluster.authURL, cluster.hubURL].filter { !$0.isEmpty }
            authentication += urls.map { Box.Pair("Auth URL", $0) }
            if let end = cluster.object.status["certificate"]?["notAfter"]?.string {
                authentication.append(Box.Pair("Certificate good until", end))
            }
        }
        entries.append(.section("Authentication", [.pairs(authentication)]))
        var network = [Box.Pair("Status", text(.network))]
        if let time = cluster.roundTripTime { network.append(Box.Pair("Latency", time)) }
        entries.append(.section("Network", [.pairs(network)]))
        entries.append(.section("API Server", [.pairs([Box.Pair("Status", text(.apiServer))])]))
        if isVerbose, let version = cluster.object.status["agentVersion"]?.string {
            entries.append(.section("Agent", [.pairs([Box.Pair("Version", version)])]))
        }
        if let node { entries += nodeEntries(node, local: local) }
        return .section("\(name) - \(cluster.clusterID)", entries)
    }

    private func nodeEntries(_ node: NodeStatus, local: String) -> [Box.Entry] {
        var pairs = [
            Box.Pair("Name", node.name),
            Box.Pair("Status", node.isReady ? node.text : "\(node.text) (\(node.message))"),
        ]
        if !node.edgeState.isEmpty { pairs.append(Box.Pair("Edge", node.edgeState)) }
        let resources = node.allocatable.keys.sorted().map { Box.Pair($0, node.allocatable[$0] ?? "") }
        return [
            .section("Virtual node", [.pairs(pairs)]),
            .section(
                "Resources",
                [.section("Total acquired - resources offered by \"\(name)\" to \"\(local)\"", [.pairs(resources)])]),
        ]
    }
}
