import NIOCore
import Sessions
import TLSTransport
import Wire

/// Waits for the handshake of a dialled connection and puts a session in its place. Bound to one event loop.
final class SessionDialHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = PeerPacket

    private let hello: HelloMessage
    private let configuration: PeerTransportConfiguration
    private var promise: EventLoopPromise<PeerConnection>?
    private let startedAt = Duration.monotonicNow

    init(_ hello: HelloMessage, configuration: PeerTransportConfiguration, promise: EventLoopPromise<PeerConnection>) {
        self.hello = hello
        self.configuration = configuration
        self.promise = promise
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let completed = event as? TLSHandshakeCompleted else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard let promise, let identity = completed.peer else { return }
        let session = PeerSessionConfiguration(
            local: hello, peerClusterID: identity.commonName, timings: configuration.timings,
            limits: configuration.sessionLimits, roundTripEstimate: .monotonicNow - startedAt)
        let handler = PeerSessionHandler(
            session, identity: identity, configuration: configuration, established: promise)
        do {
            try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
            self.promise = nil
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            fail(context, PeerSessionEnd(connectionError: error))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(context, PeerSessionEnd(.lost, "the connection ended during the handshake"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(context, PeerSessionEnd(connectionError: error))
    }

    private func fail(_ context: ChannelHandlerContext, _ end: PeerSessionEnd) {
        guard let promise else { return }
        self.promise = nil
        promise.fail(end)
        context.close(promise: nil)
    }
}
