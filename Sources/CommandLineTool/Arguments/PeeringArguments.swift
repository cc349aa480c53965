import ArgumentParser
import OffloadingModel

/// What the commands that another cluster has generated say.
struct PeeringArguments: ParsableArguments {
    @Argument(help: "The cluster's name: of its ForeignCluster, and of an edge's virtual node liqo-<name>.")
    var name: String

    @Option(help: ArgumentHelp("Where the cluster takes peerings: tls://HOST:PORT.", valueName: "url"))
    var authURL: String

    @Option(help: ArgumentHelp("The cluster's id.", valueName: "id"))
    var clusterID: String

    @Option(
        help: ArgumentHelp(
            "The token, or - to read it from the standard input; \(AuthToken.variable) without it.", valueName: "token")
    )
    var authToken: String?

    @Option(help: ArgumentHelp("A file with the token, or - for the standard input.", valueName: "file"))
    var authTokenFile: String?

    @Option(
        help: ArgumentHelp(
            "The HTTP proxy to dial the cluster through: http://HOST:PORT, or direct for none; the daemon's HTTPS_PROXY without it.",
            valueName: "url"))
    var proxy: String?

    @Option(
        help: ArgumentHelp(
            "How long to wait: 120s without it, less for a cluster that cannot be reached.", valueName: "time"))
    var timeout: TimeSpan?

    /// - Throws: `ToolError` naming the argument that is wrong.
    func request(_ direction: PeeringDirection) throws -> PeeringRequest {
        let token = try AuthToken.obtain(argument: authToken, file: authTokenFile, host: .current)
        return try PeeringRequest(
            direction, name: name, authURL: authURL, clusterID: clusterID, token: token, proxy: proxy)
    }
}
