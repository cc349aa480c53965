import ClusterAPI

/// The streams of one exec or attach over SPDY, by the names that the header `streamtype` gives them.
enum SPDYStreamKind: String, CaseIterable {
    case error
    case standardInput = "stdin"
    case standardOutput = "stdout"
    case standardError = "stderr"
    case resize

    /// Those that a request has, in the order in which clients open them.
    ///
    /// - Parameter subprotocol: `v2.channel.k8s.io` knows no sizes.
    static func all(of request: ContainerRequest, subprotocol: String) -> [SPDYStreamKind] {
        allCases.filter { kind in
            switch kind {
            case .error: true
            case .standardInput: request.standardInput
            case .standardOutput: request.standardOutput
            case .standardError: request.standardError
            case .resize: request.terminal && subprotocol != "v2.channel.k8s.io"
            }
        }
    }
}
