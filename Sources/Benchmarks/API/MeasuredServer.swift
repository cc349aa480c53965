import Glibc
import HTTPTransport
import KubernetesClient
import NIOCore
import NIOPosix
import TLSTransport

/// A server under load: the process, and how to reach it.
struct MeasuredServer {
    let program: ChildProgram
    let endpoint: HTTPEndpoint
    let tls: TLSContext

    /// A hub with its embedded cluster in a folder, which may have state already.
    ///
    /// - Returns: the server, and the time from its start until it said that it is ready.
    static func hub(in folder: String) throws -> (server: MeasuredServer, start: Duration) {
        let kubeconfig = folder + "/kubeconfig"
        let ready = folder + "/state/ready"
        unlink(ready)
        let begun = ContinuousClock.now
        let program = try ChildProgram(
            "causeway-hub",
            [
                "--state", folder + "/state", "--cluster-name", "bench", "--runtime", "hollow",
                "--api-listen", "127.0.0.1:0", "--kubeconfig-out", kubeconfig, "--log-level", "warning",
            ], logPath: folder + "/hub.log")
        try program.wait { access(ready, F_OK) == 0 }
        let start = ContinuousClock.now - begun
        let connection = try Kubeconfig.load(path: kubeconfig, environment: [:]).connection()
        guard let tls = connection.tls else { throw BenchmarkFailure("\(kubeconfig) leads to a server without TLS") }
        return (MeasuredServer(program: program, endpoint: connection.endpoint, tls: try TLSContext(tls)), start)
    }

    /// The bare TLS handler, for comparison.
    static func bare(in folder: String) throws -> MeasuredServer {
        let path = folder + "/bare"
        let program = try ChildProgram("Benchmarks", ["bare-server", path], logPath: folder + "/bare.log")
        try program.wait { access(path + ".port", F_OK) == 0 }
        let certificates = try Certificate.chain(pem: SystemFile.lines(path + ".pem").joined(separator: "\n"))
        guard let port = SystemFile.lines(path + ".port").first.flatMap({ Int($0) }) else {
            throw BenchmarkFailure("\(path).port holds no port")
        }
        let tls = try TLSContext(.client(trust: .certificates(certificates), serverName: "127.0.0.1"))
        return MeasuredServer(
            program: program, endpoint: HTTPEndpoint(isSecure: true, host: "127.0.0.1", port: port), tls: tls)
    }
}
