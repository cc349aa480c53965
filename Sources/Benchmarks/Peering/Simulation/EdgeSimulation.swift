import Glibc
import OffloadingModel

/// The process with the simulated edges, and how each can be peered with.
struct EdgeSimulation {
    struct Edge: Sendable {
        let name: String
        let clusterID: String
        let port: Int
        let token: String

        /// As `peer out-of-band` asks for it.
        ///
        /// - Parameter port: where the edge is dialled; its own port unless told.
        func peering(port: Int? = nil) -> ForeignCluster {
            ForeignCluster(
                name: name, clusterID: clusterID, clusterName: name, authURL: "tls://127.0.0.1:\(port ?? self.port)",
                outgoing: .yes, incoming: .auto)
        }
    }

    let program: ChildProgram
    /// Empty where the edges dial.
    let edges: [Edge]

    /// Starts edges that wait for a hub.
    init(count: Int, in folder: String) throws {
        let folder = try Self.stateFolder(folder)
        program = try ChildProgram(
            "Benchmarks", ["simulated-edges", String(count), folder], logPath: "\(folder).log")
        let list = SimulatedEdge.listPath(folder)
        try program.wait { access(list, F_OK) == 0 }
        edges = try SystemFile.lines(list).map { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 4, let port = Int(words[2]) else {
                throw BenchmarkFailure("\(list) cannot be understood")
            }
            return Edge(name: words[0], clusterID: words[1], port: port, token: words[3])
        }
    }

    /// Starts edges that dial a hub at once.
    init(joining invitation: HubInvitation, in folder: String) throws {
        let folder = try Self.stateFolder(folder)
        let path = "\(folder)/invitation"
        try invitation.write(to: path)
        edges = []
        program = try ChildProgram(
            "Benchmarks",
            ["simulated-edges", String(invitation.tokens.count), folder, "--joining", path], logPath: "\(folder).log")
    }

    private static func stateFolder(_ folder: String) throws -> String {
        let path = "\(folder)/edges"
        guard mkdir(path, 0o700) == 0 else { throw BenchmarkFailure("\(path) cannot be made") }
        return path
    }
}
