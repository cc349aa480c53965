import ClusterAPI
import Glibc
import HTTPTransport
import KubernetesClient
import KubernetesModel
import Logging
import OffloadingModel
import TLSTransport

/// A hub or an agent as users run it, and a client of its cluster's API.
final class MeasuredCluster {
    let program: ChildProgram
    let api: KubernetesClient
    let info: ClusterInfo
    /// Of the API, for those who read it without a client.
    let server: MeasuredServer

    /// Starts the program and waits until it is ready.
    ///
    /// - Parameters:
    ///   - folder: for its state, which may be there already.
    ///   - kubeconfig: of the cluster that it works on; `nil` for one of its own.
    init(
        _ program: String, named name: String, in folder: String, on kubeconfig: String? = nil, _ options: [String] = []
    ) async throws {
        let state = "\(folder)/\(name)"
        let ready = "\(state)/ready"
        mkdir(state, 0o700)
        unlink(ready)
        var words = ["--state", state, "--cluster-name", name, "--peer-listen", "127.0.0.1:0", "--log-level", "error"]
        if let kubeconfig {
            words += ["--kubeconfig", kubeconfig]
        } else {
            words += [
                "--runtime", "hollow", "--api-listen", "127.0.0.1:0", "--kubeconfig-out", "\(state)/kubeconfig",
            ]
        }
        self.program = try ChildProgram(program, words + options, logPath: "\(folder)/\(name).log")
        try self.program.wait { access(ready, F_OK) == 0 }
        let path = kubeconfig ?? "\(state)/kubeconfig"
        let connection = try Kubeconfig.load(path: path, environment: [:]).connection()
        guard let tls = connection.tls else { throw BenchmarkFailure("\(path) leads to a server without TLS") }
        server = MeasuredServer(program: self.program, endpoint: connection.endpoint, tls: try TLSContext(tls))
        api = try KubernetesClient(connection, logger: .silent)
        info = try ClusterInfo(
            try await api.get(.configMaps, namespace: Names.systemNamespace, name: Names.clusterInfo))
    }

    /// A cluster that no hub and no agent runs beside yet, with its kubeconfig.
    static func bareCluster(named name: String, in folder: String) throws -> (ChildProgram, kubeconfig: String) {
        let state = "\(folder)/\(name)"
        mkdir(state, 0o700)
        let program = try ChildProgram(
            "Benchmarks",
            [
                "bare-cluster", "--state", state, "--cluster-name", name, "--runtime", "hollow", "--local-nodes", "2",
                "--api-listen", "127.0.0.1:0", "--kubeconfig-out", "\(state)/kubeconfig",
            ], logPath: "\(state).log")
        let ready = BareCluster.readyPath(state)
        try program.wait { access(ready, F_OK) == 0 }
        return (program, "\(state)/kubeconfig")
    }

    /// The port for peerings.
    var peerPort: Int { info.peerAddress.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

    func end() {
        api.shutDown()
        program.end(SIGKILL)
    }
}

extension Logger {
    /// Says nothing, as the figures are what is printed; with `CAUSEWAY_BENCH_LOG` in the environment it says everything to
    /// standard error, which is a file in the run's folder for the programs that are measured.
    static var silent: Logger {
        Logger(label: "bench") { label in
            guard getenv("CAUSEWAY_BENCH_LOG") != nil else { return SwiftLogNoOpLogHandler() }
            return StreamLogHandler.standardError(label: label)
        }
    }
}
