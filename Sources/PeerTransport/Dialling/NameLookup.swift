import Glibc
import NIOCore
import NIOPosix

/// Finds the addresses of a name.
protocol NameLookup: Sendable {
    /// - Returns: at least one address, the best first.
    /// - Throws: ``NameLookupError``.
    func addresses(of host: String, port: Int) async throws -> [SocketAddress]
}

/// Why a name has no addresses, in the system's words.
struct NameLookupError: Error, Sendable, Hashable, CustomStringConvertible {
    let description: String
}

/// The system's names: asked anew each time, as addresses change.
struct SystemNames: NameLookup {
    func addresses(of host: String, port: Int) async throws -> [SocketAddress] {
        if let literal = try? SocketAddress(ipAddress: host, port: port) { return [literal] }
        // The system call may take many seconds.
        return try await NIOThreadPool.singleton.runIfActive { try Self.resolve(host, port) }
    }

    private static func resolve(_ host: String, _ port: Int) throws(NameLookupError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_protocol = Int32(IPPROTO_TCP)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        guard status == 0, let first = list else {
            throw NameLookupError(description: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(first) }
        var found: [SocketAddress] = []
        for entry in sequence(first: first, next: { $0.pointee.ai_next }) {
            guard let address = entry.pointee.ai_addr else { continue }
            let new: SocketAddress?
            switch entry.pointee.ai_family {
            case AF_INET: new = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { .init($0.pointee) }
            case AF_INET6: new = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { .init($0.pointee) }
            default: new = nil
            }
            if let new, !found.contains(new) { found.append(new) }
        }
        guard !found.isEmpty else { throw NameLookupError(description: "the name has no address") }
        return found
    }
}

/// Hands addresses that are known to NIO, which connects to the first that answers: IPv6 a little before IPv4, and the next
/// one when one keeps it waiting (RFC 8305).
struct KnownAddresses: Resolver, Sendable {
    let addresses: [SocketAddress]
    let eventLoop: any EventLoop

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { found(.inet) }
    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { found(.inet6) }
    func cancelQueries() {}

    private func found(_ family: NIOBSDSocket.ProtocolFamily) -> EventLoopFuture<[SocketAddress]> {
        eventLoop.makeSucceededFuture(addresses.filter { $0.protocol == family })
    }
}
