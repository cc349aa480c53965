import Glibc
import NIOCore

/// TCP's own keep-alive for peerings: the system's two hours are no use behind a NAT that forgets idle connections in minutes.
///
/// The protocol's pings are what notices a silent peer; these hold the way open, and end sockets that nobody reads any more.
enum KeepAlive {
    /// After 30 s without a word, every 10 s, three times.
    static let options: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] = [
        (.init(level: .socket, name: .so_keepalive), 1),
        (.init(level: .tcp, name: .init(rawValue: TCP_KEEPIDLE)), 30),
        (.init(level: .tcp, name: .init(rawValue: TCP_KEEPINTVL)), 10),
        (.init(level: .tcp, name: .init(rawValue: TCP_KEEPCNT)), 3),
    ]
}
