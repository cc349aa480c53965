import ArgumentParser
import OffloadingModel

/// The whole command line.
struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Invocation.name,
        abstract: "Peers clusters, offloads namespaces to them, and shows how they are.",
        discussion: """
            Talks to the clusters' Kubernetes APIs with a kubeconfig, as kubectl does. Commands that destroy something ask \
            first, at a terminal only. The exit status is 0 only if everything asked for is so.
            """,
        version: CausewayVersion.current,
        subcommands: [
            StatusCommand.self, GenerateCommand.self, PeerCommand.self, JoinCommand.self, UnpeerCommand.self,
            RevokeCommand.self, TokensCommand.self, OffloadCommand.self, UnoffloadCommand.self, PlanCommand.self,
            ExplainCommand.self, InstallCommand.self, UninstallCommand.self, VersionCommand.self,
            CompletionCommand.self,
        ])
}
