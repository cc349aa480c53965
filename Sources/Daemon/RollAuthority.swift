public import ArgumentParser
import Digests
import Enrolment
import Glibc
import TLSTransport

/// Replaces the authority over a daemon's peerings without ending any: a step while both are trusted, then a last one.
///
/// Works on the state folder. The daemon takes each step over when it is started anew, which pods do not notice.
public struct RollAuthority: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "roll-authority",
        abstract: "Replace the authority that issues the certificates of peerings, with both trusted meanwhile.",
        discussion: """
            1. Run it, and start the daemon anew: each peer that connects is given a certificate of the next authority.
            2. Run it with --finish, and start the daemon anew: the next authority takes the place of the old one. It is \
            refused while a peer has not come with its new certificate yet.
            Tokens that were made before the last step are of no use after it.
            """)

    @OptionGroup var options: DaemonOptions

    @Flag(help: "Have the next authority take the place of the old one.")
    var finish = false

    @Flag(help: "Finish although some peers would have to peer again.")
    var force = false

    public init() {}

    public func run() async throws {
        let configuration = try options.configuration()
        guard configuration.access == nil else {
            throw DaemonError(
                "on a real cluster the authority is in a Secret, and is not replaced yet: have the peers peer again, one by one")
        }
        let files = try StateFiles(configuration.state)
        let now = Int64(time(nil))
        guard let current = try files.authority(in: StateFiles.authorityFile, remedy: "restore it") else {
            throw DaemonError("there is no authority in \(configuration.state) yet: the daemon makes it when it starts")
        }
        let next = try files.nextAuthority(after: current)
        let peers = try await FilePeeringStore(stateFolder: configuration.state).load()
        guard finish else {
            guard next == nil else {
                throw DaemonError("the authority is being replaced already; end that with --finish")
            }
            let new = try files.makeNextAuthority(clusterID: try files.clusterID(), now: now)
            return print(
                "The next authority is \(Self.pin(new.certificate)). Start the daemon anew, let every peer connect, then run "
                    + "this with --finish.")
        }
        guard let next else { throw DaemonError("no authority is being replaced; run this without --finish first") }
        let missing = peers.filter { peer in
            peer.address == nil && !peer.isEnding && !peer.issued.isEmpty
                && peer.authority != Self.pin(next.certificate)
        }
        guard force || missing.isEmpty else {
            throw DaemonError(
                "these peers have not come with a certificate of the next authority yet: "
                    + missing.map(\.clusterName).sorted().joined(separator: ", ")
                    + "; wait for them to connect twice, or use --force and have them peer again")
        }
        try files.promote(next, over: current, now: now)
        print("The authority is \(Self.pin(next.certificate)) now. Start the daemon anew.")
    }

    private static func pin(_ certificate: Certificate) -> String {
        Hex.encode(certificate.subjectPublicKeyInfoSHA256)
    }
}
