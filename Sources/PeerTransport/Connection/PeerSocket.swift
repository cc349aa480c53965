import Glibc
import NIOCore

/// What a peering asks of TCP.
enum PeerSocket {
    static let options: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] = keepAlive + sending

    /// After 30 s without a word, every 10 s, three times: the system's two hours are no use behind a NAT that forgets idle
    /// connections in minutes. The protocol's pings are what notices a silent peer; these hold the way open, and end sockets
    /// that nobody reads any more.
    private static let keepAlive: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] = [
        (.init(level: .socket, name: .so_keepalive), 1),
        (.init(level: .tcp, name: .init(rawValue: TCP_KEEPIDLE)), 30),
        (.init(level: .tcp, name: .init(rawValue: TCP_KEEPINTVL)), 10),
        (.init(level: .tcp, name: .init(rawValue: TCP_KEEPCNT)), 3),
    ]

    /// Small messages go at once. What the network does not take yet waits in the session, where changes go before streams'
    /// bytes, and not in the socket, where on a slow line megabytes would be before them.
    private static let sending: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] = [
        (.init(level: .tcp, name: .init(rawValue: TCP_NODELAY)), 1),
        (.init(level: .tcp, name: .init(rawValue: TCP_NOTSENT_LOWAT)), 64 << 10),
    ]
}
