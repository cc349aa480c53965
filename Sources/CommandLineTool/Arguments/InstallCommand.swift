public import ArgumentParser
public import ClusterBootstrap
import JSONTree
public import OffloadingModel

extension ClusterInfo.Role: ExpressibleByArgument {}
extension InstallationPlan.ServiceType: ExpressibleByArgument {}

/// `install`.
struct InstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Install a hub or an agent into a real cluster.",
        discussion: """
            Applies the kinds, the namespace causeway-system, the access rights, the Services, the admission webhook of a hub and \
            the Deployment, and waits until it is available. Run again, it brings an installation up to date. Needs an \
            administrator's kubeconfig. config/kubernetes has the same as plain manifests, and what builds the image.
            """)

    @Option(help: "hub for the origin, agent for an edge.")
    var role = ClusterInfo.Role.agent

    @Option(help: ArgumentHelp("The cluster's name, as its peers will know it.", valueName: "name"))
    var clusterName: String

    @Option(
        help: ArgumentHelp(
            "The labels of the virtual node that stands for the cluster; may be repeated.", valueName: "key=value,…"))
    var clusterLabels: [String] = []

    @Option(help: ArgumentHelp("The image of the programs.", valueName: "image"))
    var image = InstallationPlan.defaultImage

    @Option(
        help: ArgumentHelp(
            "How many hubs, of which one leads: up to 5; 0 applies all the same, and runs nothing.",
            valueName: "number"))
    var replicas = 1

    @Option(help: "How peers outside of the cluster reach its port.")
    var serviceType = InstallationPlan.ServiceType.clusterIP

    @Option(
        help: ArgumentHelp(
            "What peers are told to dial; by default the Service, which only the cluster knows.",
            valueName: "host:port"))
    var peerAddress: String?

    @Flag(help: "Change nothing, and print what would be applied: YAML, or JSON with -o json.")
    var dryRun = false

    @Flag(help: "Do not wait until the Deployment is available.")
    var noWait = false

    @Option(help: ArgumentHelp("How long to wait.", valueName: "time"))
    var timeout = TimeSpan(.seconds(300))

    @Option(name: [.customShort("o"), .long], help: "How to print what was done.")
    var output = StatusFormat.text

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let plan = try InstallationRequest(self).plan()
        if dryRun {
            let manifests = InstallationManifests(plan)
            ToolHost.current.output.write(output == .json ? manifests.list.text(.pretty) + "\n" : manifests.yaml)
            return
        }
        try await global.withTool(linesToErrors: output == .json) {
            try await Installation(
                tool: $0, plan: plan, waits: !noWait, timeout: timeout.duration, format: output
            ).run()
        }
    }
}
