import Agent
import ArgumentParser
import Daemon
import Digests
import EmbeddedCluster
import Enrolment
import FoundationEssentials
import Glibc
import Logging
import OffloadingModel
import PeerTransport
import TLSTransport

@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "causeway-agent",
        abstract: "Runs the pods of peered origin clusters on this edge cluster.",
        version: CausewayVersion.current, subcommands: [Run.self, CleanUp.self, RollAuthority<AgentProgram>.self],
        defaultSubcommand: Run.self)
}

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the agent, with a cluster of its own or on a real one (the default).")

    @OptionGroup var options: DaemonOptions

    func run() async throws {
        let configuration = try options.configuration()
        let logger = DaemonRun.logger(
            "causeway-agent", level: configuration.logLevel, auditLog: DaemonState.auditLog(configuration))
        let cluster = try await DaemonClusters.open(configuration, role: .agent, logger: logger)
        try await cluster.waitToLead()
        let state = try DaemonState(configuration, of: cluster, role: .agent)
        let authority = try await state.peeringAuthority(now: Int64(time(nil)))
        let listen = try state.peerListen()
        var settings = AgentConfiguration(
            clusterID: state.clusterID, clusterName: configuration.clusterName, version: CausewayVersion.current,
            listen: PeerAddress(host: listen.host, port: listen.port))
        settings.labels = configuration.clusterLabels
        settings.podCIDR = configuration.podCIDR
        settings.gateway = cluster.gateway
        settings.share = configuration.share
        settings.revokedGracePeriod = configuration.revokedGracePeriod
        settings.podSecurity = configuration.podSecurity
        settings.allowedImages = configuration.allowedImages
        settings.transport.proxies = try ProxySettings(environment: ProcessInfo.processInfo.environment)
        let stores =
            try configuration.access == nil
            ? PeeringStores.files(stateFolder: configuration.state) : PeeringStores.secrets(cluster.api, of: .agent)
        let agent = try Agent(
            configuration: settings, cluster: cluster.api,
            authority: authority,
            peerings: stores.peerings, credentials: stores.credentials, logger: logger,
            now: { Int(time(nil)) })
        try await agent.bind()
        let info = state.clusterInfo(
            role: .agent, peerAddress: configuration.peerAddress ?? listen.description,
            authorityPin: Hex.encode(authority.authority.certificate.subjectPublicKeyInfoSHA256),
            apiServer: cluster.address)
        try await DaemonRun.serve(cluster, state: state, info: info, logger: logger, service: { try await agent.run() })
    }
}
