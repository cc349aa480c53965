public import ArgumentParser
import KubernetesModel
public import OffloadingModel

extension NamespaceMapping: ExpressibleByArgument {}
extension PodOffloading: ExpressibleByArgument {}

/// `offload …`.
struct OffloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "offload", abstract: "Offload something to peered clusters.",
        subcommands: [OffloadNamespaceCommand.self])
}

/// `offload namespace NAMESPACE`.
struct OffloadNamespaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namespace",
        abstract: "Offload a namespace: mirror it on peered clusters, and let its pods run there.",
        discussion:
            "Makes the namespace's NamespaceOffloading, and returns when the namespace is on every cluster selected.",
        aliases: ["ns"])

    @Argument(help: "A namespace that exists.")
    var namespace: String

    @Option(help: "How the namespace is named on the clusters.")
    var namespaceMappingStrategy = NamespaceMapping.defaultName

    @Option(help: "Where its pods may run.")
    var podOffloadingStrategy = PodOffloading.localAndRemote

    @Option(help: ArgumentHelp("Its name on the clusters, with the strategy SelectedName.", valueName: "name"))
    var remoteNamespaceName: String?

    @Option(
        name: [.customShort("l"), .long],
        help: ArgumentHelp(
            "Which clusters, by their labels, such as 'a=b,c in (d,e)'; several mean any of them; all without it.",
            valueName: "labels"))
    var selector: [String] = []

    @Option(help: ArgumentHelp("How long to wait.", valueName: "time"))
    var timeout = TimeSpan(.seconds(20))

    @Option(name: [.customShort("o"), .long], help: "Print the NamespaceOffloading and change nothing.")
    var output: ManifestFormat?

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let request = try OffloadingRequest(
            namespace: namespace, mapping: namespaceMappingStrategy, podOffloading: podOffloadingStrategy,
            remoteNamespaceName: remoteNamespaceName, selectors: selector)
        if let output {
            ToolHost.current.output.write(output.text(request.object.json))
            return
        }
        try await global.withTool {
            try await NamespaceOffloader(tool: $0, request: request, timeout: timeout.duration).run()
        }
    }
}

/// `unoffload …`.
struct UnoffloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unoffload", abstract: "Take something back from peered clusters.",
        subcommands: [UnoffloadNamespaceCommand.self])
}

/// `unoffload namespace NAMESPACE`.
struct UnoffloadNamespaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namespace",
        abstract: "Take an offloaded namespace back: the remote namespaces and what is in them are deleted.",
        aliases: ["ns"])

    @Argument(help: "An offloaded namespace.")
    var namespace: String

    @Option(help: ArgumentHelp("How long to wait.", valueName: "time"))
    var timeout = TimeSpan(.seconds(120))

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool {
            try await NamespaceUnoffloader(tool: $0, namespace: namespace, timeout: timeout.duration).run()
        }
    }
}
