public import Sessions
public import TLSTransport
public import Wire

/// A way to one peer: ``PeerDialler`` by TCP.
public protocol PeerDialling: Sendable {
    /// As ``PeerDialler/enrol(_:clusterID:clusterName:role:peerClusterID:)``.
    func enrol(
        _ token: PeerToken, clusterID: String, clusterName: String, role: PeerRole, peerClusterID: String?
    ) async throws -> PeerEnrolment

    /// As ``PeerDialler/run(backoff:surroundings:tls:hello:failed:serve:)``.
    func run(
        backoff: Backoff, tls: @escaping @Sendable () async throws -> TLSContext,
        hello: @escaping @Sendable () async -> HelloMessage,
        failed: @escaping @Sendable (any Error) async -> RetryDecision,
        serve: @escaping @Sendable (PeerConnection) async -> Void
    ) async
}

extension PeerDialler: PeerDialling {
    public func run(
        backoff: Backoff, tls: @escaping @Sendable () async throws -> TLSContext,
        hello: @escaping @Sendable () async -> HelloMessage,
        failed: @escaping @Sendable (any Error) async -> RetryDecision,
        serve: @escaping @Sendable (PeerConnection) async -> Void
    ) async {
        await run(
            backoff: backoff, surroundings: Surroundings(), tls: tls, hello: hello, failed: failed, serve: serve)
    }
}
