import FoundationEssentials
import Glibc
import HTTPTransport
import KubernetesClient
import Logging
import OffloadingModel

extension ToolHost {
    /// The process's own standard streams, variables and clusters.
    static let process = ToolHost(
        environment: ProcessInfo.processInfo.environment,
        output: FileSink(descriptor: STDOUT_FILENO), errors: FileSink(descriptor: STDERR_FILENO),
        isInteractive: isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1,
        readLine: { Swift.readLine() },
        readInput: { BoundedInput.read(descriptor: STDIN_FILENO, limit: $0) },
        open: { choice, logger in
            let environment = ProcessInfo.processInfo.environment
            let kubeconfig = try Kubeconfig.load(path: choice.kubeconfig, environment: environment)
            let connection = try kubeconfig.connection(context: choice.context)
            var configuration = KubernetesClientConfiguration()
            configuration.userAgent = "\(Invocation.canonicalName)/\(CausewayVersion.current)"
            // A command ends within its deadline: a server that does not answer must not hold up a look for longer.
            configuration.http.connectTimeout = .seconds(5)
            configuration.http.responseTimeout = .seconds(10)
            configuration.http.requestTimeout = .seconds(30)
            let client = try KubernetesClient(connection, configuration: configuration, logger: logger)
            let target = ClusterTarget(
                context: connection.name, server: "\(connection.endpoint)", kubeconfigs: kubeconfig.files)
            return OpenCluster(client, target) { client.shutDown() }
        },
        now: { Int(time(nil)) })
}
