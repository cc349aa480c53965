import ClusterAPI
import Digests
import JSONTree
import KubernetesModel
import OffloadingModel
import Sessions
import Wire

/// `generate peer-command` at an edge, `generate join-command` at an origin: makes a token, leaves its hash with the cluster, and prints the command that uses it.
struct PeerCommandGenerator: Sendable {
    let tool: Tool
    /// What the cluster must be.
    let role: ClusterInfo.Role
    let lifetime: Duration
    /// The only cluster that may use the token; `nil` for any.
    let boundName: String?
    /// Whether nothing but the command is printed.
    let isQuiet: Bool

    /// How far the clocks of this machine and of the cluster may be apart, in seconds.
    private static let clockTolerance = 300

    func run() async throws {
        let line = try await tool.printer.stage(
            "Retrieving peering information", failure: "Failed to retrieve peering information"
        ) {
            try await generate()
        }
        if !isQuiet {
            tool.printer.success("Peering information correctly retrieved")
            tool.host.errors.write(
                role == .agent
                    ? "\nExecute this command on a *different* cluster to enable an outgoing peering with the current cluster:\n\n"
                    : "\nExecute this command on a *different* cluster to have it join the current cluster as an edge:\n\n"
            )
        }
        tool.host.output.write(line + "\n")
    }

    private func generate() async throws -> String {
        let seconds = Int(lifetime.components.seconds)
        guard (1...TokenRecord.maximumLifetime).contains(seconds), lifetime <= .seconds(TokenRecord.maximumLifetime)
        else {
            throw ToolError("--ttl \(TimeSpan.text(lifetime)) is not within 1s and 24h")
        }
        if let boundName, let problem = ClusterNaming.problem(name: boundName) {
            throw ToolError("--for \"\(boundName)\" cannot be a cluster's name: \(problem)")
        }
        let facts = try await tool.clusterInfo()
        guard let info = facts[role] else {
            throw ToolError(
                role == .agent
                    ? "cluster \(tool.target) (\(facts.clusterName)) is an origin: generate the peer-command at the edge, and "
                        + "run what it prints here; or generate a join-command here, and run what it prints at the edge"
                    : "cluster \(tool.target) (\(facts.clusterName)) is an edge: generate the join-command at the origin, and "
                        + "run what it prints here; or generate a peer-command here, and run what it prints at the origin"
            )
        }
        guard !info.peerAddress.isEmpty else {
            throw ToolError(
                "cluster \(tool.target) (\(info.clusterName)) takes no peerings: its daemon has no peer address; restart it"
            )
        }
        let (url, pin) = try check(info)
        let token = try PeerToken.make(
            randomBytes: try RandomBytes.generate(count: PeerToken.randomByteCount), authorityPin: pin)
        func record(now: Int) throws -> TokenRecord {
            try TokenRecord(
                token: token, secretHash: SHA256.hash(token.secret), now: now, lifetime: seconds, boundName: boundName,
                issuer: role == .agent ? .agent : .hub)
        }
        let now = tool.host.now()
        var made = try await tool.cluster.create(.secrets, try record(now: now).secret)
        // The token ends by the cluster's clock, which this machine's need not be.
        if let there = Timestamp.seconds(made.creationTimestamp), abs(there - now) > 1 {
            guard abs(there - now) <= Self.clockTolerance else {
                try await tool.cluster.deleteIfPresent(.secrets, namespace: made.namespace, name: made.name)
                throw ToolError(
                    "the clock of cluster \(tool.target) is \(TimeSpan.text(.seconds(abs(there - now)))) "
                        + "\(there > now ? "ahead of" : "behind") this machine's: set both right; tokens and certificates need "
                        + "clocks that are no more than 5m apart")
            }
            made.json["data"] = try record(now: there).secretData
            _ = try await tool.cluster.update(.secrets, made)
        }
        return
            "\(Invocation.name) \(role == .agent ? "peer" : "join") out-of-band \(info.clusterName) --auth-url \(url) --cluster-id \(info.clusterID) "
            + "--auth-token \(token.text)"
    }

    /// What the printed line says must be a cluster's name, id and address and nothing else: it is run by a shell.
    private func check(_ info: ClusterInfo) throws -> (url: PeerURL, pin: [UInt8]) {
        let source = "\(Names.systemNamespace)/\(Names.clusterInfo)"
        if let problem = ClusterNaming.problem(name: info.clusterName) {
            throw ToolError("the clusterName of \(source) cannot be a cluster's name: \(problem)")
        }
        guard ClusterIdentity.isID(info.clusterID) else {
            throw ToolError("the clusterID of \(source) is not made of 1 to 63 letters, digits and hyphens")
        }
        guard let url = PeerURL(address: info.peerAddress) ?? PeerURL(info.peerAddress) else {
            throw ToolError("the peerAddress of \(source) is not of the form HOST:PORT")
        }
        guard let pin = Hex.decode(info.authorityPin), pin.count == 32 else {
            throw ToolError(
                "the authorityPin of \(source) is not the SHA-256 of a key; delete the ConfigMap to renew it")
        }
        return (url, pin)
    }
}
