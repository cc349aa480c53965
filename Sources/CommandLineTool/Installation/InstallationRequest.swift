import ClusterBootstrap
import KubernetesModel
import OffloadingModel

/// Reads what `install` was told, and refuses by the option's name what the daemon would not start with.
struct InstallationRequest {
    private let command: InstallCommand

    init(_ command: InstallCommand) { self.command = command }

    /// - Throws: `ToolError`.
    func plan() throws(ToolError) -> InstallationPlan {
        let name = command.clusterName
        if let problem = LabelSyntax.problem(dnsLabel: name) {
            throw ToolError("--cluster-name \"\(name)\": \(problem)")
        }
        let most = 63 - Names.virtualNode("").utf8.count
        guard name.utf8.count <= most else {
            throw ToolError("--cluster-name \"\(name)\": must be no more than \(most) bytes")
        }
        var plan = InstallationPlan(role: command.role, clusterName: name, clusterLabels: try labels())
        guard !command.image.isEmpty, !command.image.contains(where: \.isWhitespace) else {
            throw ToolError("--image \"\(command.image)\" is no image's name")
        }
        plan.image = command.image
        guard (0...5).contains(command.replicas) else {
            throw ToolError("--replicas \(command.replicas) is not within 0 to 5")
        }
        guard command.role == .hub || command.replicas <= 1 else {
            throw ToolError("--replicas \(command.replicas): an edge has one agent")
        }
        plan.replicas = command.replicas
        plan.serviceType = command.serviceType
        if let address = command.peerAddress {
            guard Self.isAddress(address) else {
                throw ToolError("--peer-address \"\(address)\" is not of the form HOST:PORT")
            }
            plan.peerAddress = address
        }
        return plan
    }

    private func labels() throws(ToolError) -> [String: String] {
        var labels: [String: String] = [:]
        for pair in command.clusterLabels.flatMap({ $0.split(separator: ",") }) {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2 else {
                throw ToolError("--cluster-labels: \"\(pair)\" is not of the form KEY=VALUE")
            }
            if let problem = LabelSyntax.problem(key: sides[0]) ?? LabelSyntax.problem(value: sides[1]) {
                throw ToolError("--cluster-labels: \"\(pair)\": \(problem)")
            }
            labels[sides[0]] = sides[1]
        }
        return labels
    }

    private static func isAddress(_ text: String) -> Bool {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return false }
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        return !host.isEmpty && !host.contains(where: \.isWhitespace) && (isBracketed || !host.contains(":"))
    }
}
