import ArgumentParser
import ClusterAPI
import Daemon
import Digests
import EmbeddedCluster
import Enrolment
import FoundationEssentials
import Glibc
import Hub
import KubernetesModel
import Logging
import NIOPosix
import OffloadingModel
import PeerTransport
import TLSTransport

@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "causeway-hub",
        abstract: "Runs the origin cluster's pods on edge clusters: peerings, virtual nodes, offloading, scheduling.",
        version: CausewayVersion.current, subcommands: [Run.self, CleanUp.self, RollAuthority<HubProgram>.self],
        defaultSubcommand: Run.self)
}

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the hub, with a cluster of its own or on a real one (the default).")

    @OptionGroup var options: DaemonOptions

    func run() async throws {
        let configuration = try options.configuration()
        let logger = DaemonRun.logger(
            "causeway-hub", level: configuration.logLevel, auditLog: DaemonState.auditLog(configuration))
        let admission = Admission()
        let cluster = try await DaemonClusters.open(configuration, role: .hub, hooks: [admission], logger: logger)
        admission.cluster = cluster.api
        let pods = OffloadedPodAdmission(cluster.api, extendsTolerations: configuration.access != nil)
        try await cluster.admit { try await pods.admit(&$0, namespace: $1) }
        try await cluster.waitToLead()
        let state = try DaemonState(configuration, of: cluster, role: .hub)
        let authority = try await state.peeringAuthority(now: Int64(time(nil)))
        let listen = try state.peerListen()
        var settings = HubConfiguration(
            clusterID: state.clusterID, clusterName: configuration.clusterName, version: CausewayVersion.current)
        settings.listen = PeerAddress(host: listen.host, port: listen.port)
        if let address = cluster.nodeAddress {
            settings.nodeAddress = address.host
            settings.nodePort = address.port
        }
        settings.extendsTolerations = configuration.access != nil
        if configuration.access == nil { settings.leaseInterval = .seconds(300) }
        let stores =
            try configuration.access == nil
            ? PeeringStores.files(stateFolder: configuration.state) : PeeringStores.secrets(cluster.api, of: .hub)
        var transport = PeerTransportConfiguration()
        transport.proxies = try ProxySettings(environment: ProcessInfo.processInfo.environment)
        let hub = try Hub(
            configuration: settings, cluster: cluster.api,
            credentials: stores.credentials,
            authority: authority,
            peerings: stores.peerings, endpoints: cluster.nodeEndpoints,
            transport: transport, group: MultiThreadedEventLoopGroup.singleton, logger: logger, now: { Int(time(nil)) })
        try await hub.bind()
        let info = state.clusterInfo(
            role: .hub, peerAddress: configuration.peerAddress ?? listen.description,
            authorityPin: Hex.encode(authority.authority.certificate.subjectPublicKeyInfoSHA256),
            apiServer: cluster.address)
        try await DaemonRun.serve(
            cluster, state: state, info: info, logger: logger, advice: hub.advice,
            schedules: { hub.onPlacementChange($0) },
            service: { try await hub.run() })
    }
}
