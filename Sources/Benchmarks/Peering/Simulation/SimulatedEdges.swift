import Agent
import ArgumentParser
import TLSTransport

/// Many edges in one process, each a real agent with its own identity, authority and port, over a cluster in memory.
///
/// What they share with real ones is everything between the hub and the agent's `ClusterAPI`; what they lack is a cluster that
/// stores and runs.
struct SimulatedEdges: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulated-edges", abstract: "Run many agents in one process.", shouldDisplay: false)

    @Argument(help: "How many.")
    var count: Int

    @Argument(help: "The folder for their state, and for the list of them.")
    var folder: String

    @Option(help: "A file with a hub's id, name and address and a token for each edge: the edges join it.")
    var joining: String?

    func run() async throws {
        let invitation = try joining.map { try HubInvitation(path: $0) }
        var edges: [SimulatedEdge] = []
        for number in 0..<count { edges.append(try await SimulatedEdge(number, in: folder)) }
        if let invitation {
            for (edge, token) in zip(edges, invitation.tokens) { try await edge.join(invitation, token: token) }
        } else {
            var lines: [String] = []
            for edge in edges { lines.append(try await edge.invitation()) }
            try KeyFile.write(Array(lines.joined(separator: "\n").utf8), to: SimulatedEdge.listPath(folder))
        }
        try await withThrowingDiscardingTaskGroup { group in
            for edge in edges { group.addTask { try await edge.agent.run() } }
        }
    }
}

/// What edges need to join a hub: lines of a file that only its owner may read.
struct HubInvitation: Sendable {
    let clusterID: String
    let clusterName: String
    let address: String
    let tokens: [String]

    init(clusterID: String, clusterName: String, address: String, tokens: [String]) {
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.address = address
        self.tokens = tokens
    }

    init(path: String) throws {
        let lines = SystemFile.lines(path)
        guard lines.count > 3 else { throw BenchmarkFailure("\(path) holds no invitation") }
        (clusterID, clusterName, address, tokens) = (lines[0], lines[1], lines[2], Array(lines[3...]))
    }

    func write(to path: String) throws {
        try KeyFile.write(
            Array(([clusterID, clusterName, address] + tokens).joined(separator: "\n").utf8), to: path)
    }
}
