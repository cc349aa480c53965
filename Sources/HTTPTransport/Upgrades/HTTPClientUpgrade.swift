import NIOCore
import NIOHTTP1

/// A client's wish to leave HTTP on a connection, as its handler sees it. All closures are called on the event loop, and one of
/// them only.
struct HTTPClientUpgrade: Sendable {
    /// What takes over, and what is to be called when it has.
    struct Successor {
        let handlers: [any ChannelHandler]
        let begin: () -> Void
    }

    /// The server has switched: judges its answer.
    let accept: @Sendable (HTTPHeaders, any EventLoop) throws(HTTPTransportError) -> Successor
    /// The server has answered with another status.
    let refuse: @Sendable (HTTPClientStream) -> Void
    let fail: @Sendable (HTTPClientExchange.Failure) -> Void
}
