public import ArgumentParser
import ClusterBootstrap
import Digests
import Enrolment
import Glibc
public import OffloadingModel
import TLSTransport

/// Replaces the authority over a daemon's peerings without ending any: a step while both are trusted, then a last one.
///
/// Works on the state folder, or on a real cluster's Secret. The daemon takes each step over when it is started anew, which pods do
/// not notice.
public struct RollAuthority<Program: DaemonProgram>: AsyncParsableCommand {
    public static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "roll-authority",
            abstract: "Replace the authority that issues the certificates of peerings, with both trusted meanwhile.",
            discussion: """
                1. Run it, and start the daemon anew: each peer that connects is given a certificate of the next authority.
                2. Run it with --finish, and start the daemon anew: the next authority takes the place of the old one. It is \
                refused while a peer has not come with its new certificate yet.
                Tokens that were made before the last step are of no use after it. On a real cluster say --kubeconfig or \
                --in-cluster as the daemon does, and start all of its replicas anew.
                """)
    }

    @OptionGroup var options: DaemonOptions

    @Flag(help: "Have the next authority take the place of the old one.")
    var finish = false

    @Flag(help: "Finish although some peers would have to peer again.")
    var force = false

    public init() {}

    public func run() async throws {
        let configuration = try options.configuration()
        guard let access = configuration.access else {
            return try await run(
                StateFiles(configuration.state), FilePeeringStore(stateFolder: configuration.state), configuration)
        }
        let logger = DaemonRun.logger("causeway-\(Program.role.rawValue)", level: configuration.logLevel)
        let client = try KubernetesCluster.client(access, role: Program.role, logger: logger)
        let stores = PeeringStores.secrets(client, of: Program.role)
        try await run(
            SecretAuthority(secrets: SystemSecrets(client, of: Program.role == .agent ? Program.role.rawValue : "")),
            stores.peerings, configuration)
    }

    func run(
        _ store: some AuthorityStore, _ peerings: any PeeringStore, _ configuration: DaemonConfiguration
    ) async throws {
        let now = Int64(time(nil))
        guard let known = try await store.authorities(now: now) else {
            throw DaemonError("there is no authority yet: the daemon makes it when it starts")
        }
        guard finish else {
            guard known.next == nil else {
                throw DaemonError("the authority is being replaced already; end that with --finish")
            }
            // Another name than the other's: certificates tell by it which of both has issued them.
            let next = try CertificateAuthority.create(
                commonName: "causeway peering \(configuration.clusterName) \(now)", now: now)
            try await store.begin(next)
            return print(
                "The next authority is \(Self.pin(next.certificate)). Start the daemon anew, let every peer connect, then run "
                    + "this with --finish.")
        }
        guard let next = known.next else {
            throw DaemonError("no authority is being replaced; run this without --finish first")
        }
        let missing = try await peerings.load().filter { peer in
            peer.address == nil && !peer.isEnding && !peer.issued.isEmpty
                && peer.authority != Self.pin(next.certificate)
        }
        guard force || missing.isEmpty else {
            throw DaemonError(
                "these peers have not come with a certificate of the next authority yet: "
                    + missing.map(\.clusterName).sorted().joined(separator: ", ")
                    + "; wait for them to connect twice, or use --force and have them peer again")
        }
        try await store.promote(next, over: known.current, now: now)
        print("The authority is \(Self.pin(next.certificate)) now. Start the daemon anew.")
    }

    private static func pin(_ certificate: Certificate) -> String {
        Hex.encode(certificate.subjectPublicKeyInfoSHA256)
    }
}

/// A daemon's program, as its subcommands know it.
public protocol DaemonProgram: Sendable {
    static var role: ClusterInfo.Role { get }
}

/// `causeway-hub`.
public enum HubProgram: DaemonProgram {
    public static var role: ClusterInfo.Role { .hub }
}

/// `causeway-agent`.
public enum AgentProgram: DaemonProgram {
    public static var role: ClusterInfo.Role { .agent }
}
