import ArgumentParser
import ClusterAPI
import KubernetesClient
import KubernetesModel
import Logging

/// The options that every command takes.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The kubeconfig file; $KUBECONFIG or ~/.kube/config without it.", valueName: "file"))
    var kubeconfig: String?

    @Option(help: ArgumentHelp("The kubeconfig's context to use.", valueName: "name"))
    var context: String?

    @Flag(help: "Do not ask before a command that destroys something.")
    var skipConfirm = false

    @Flag(name: [.customShort("v"), .long], help: "Show more.")
    var verbose = false

    var choice: ClusterChoice { ClusterChoice(kubeconfig: kubeconfig, context: context) }

    /// Where lines go: the standard output, or the standard error where that is for a result alone.
    func printer(linesToErrors: Bool = false) -> Printer {
        let host = ToolHost.current
        return Printer(lines: linesToErrors ? host.errors : host.output, errors: host.errors)
    }

    private var logger: Logger {
        var logger = Logger(label: Invocation.canonicalName) { label -> any LogHandler in
            if verbose { return StreamLogHandler.standardError(label: label) }
            return SwiftLogNoOpLogHandler()
        }
        logger.logLevel = .debug
        return logger
    }

    /// Opens the chosen cluster and does something with it. Errors of the cluster come out in its user's words.
    func withTool(linesToErrors: Bool = false, _ work: (Tool) async throws -> Void) async throws {
        let host = ToolHost.current
        let open = try host.open(choice, logger)
        defer { open.close() }
        let tool = Tool(
            cluster: open.cluster, target: open.target, printer: printer(linesToErrors: linesToErrors), host: host,
            isVerbose: verbose, skipsConfirmation: skipConfirm)
        do {
            try await work(tool)
        } catch {
            throw tool.explain(error)
        }
    }
}
