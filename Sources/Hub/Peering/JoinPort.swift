import ClusterAPI
import Enrolment
import Logging
import NIOCore
import PeerTransport
import Synchronization
import TLSTransport
import Wire

/// The hub's port for edges that join, with its certificate, its tokens and its records.
final class JoinPort: Sendable {
    private let context: HubContext
    private let joined: JoinedEdges
    private let identity: ServerIdentity
    private let tokens: TokenDesk
    let acceptor: JoinAcceptor
    private let transport: PeerTransportConfiguration
    private let group: any EventLoopGroup
    private let listener = Mutex<PeerListener?>(nil)

    /// - Throws: `TLSError` for an identity that cannot be used.
    init(
        context: HubContext, links: EdgeLinks, authority: PeeringAuthority, transport: PeerTransportConfiguration,
        group: any EventLoopGroup
    ) throws(TLSError) {
        let joined = links.joined
        self.context = context
        self.joined = joined
        self.transport = transport
        self.group = group
        identity = try ServerIdentity(
            authority, clusterID: context.configuration.clusterID, handshakeTimeout: transport.handshakeTimeout,
            revoked: joined.book.revoked)
        tokens = joined.tokens
        let desk = EnrolmentDesk(
            local: context.configuration.localPeer, tokens: tokens, book: joined.book, authority: authority,
            logger: context.logger, now: context.now, admits: { try await joined.admit($0) },
            enrolled: { try await joined.enrolled($0) })
        acceptor = JoinAcceptor(
            context: context, book: joined.book, desk: desk, links: links,
            refusals: CertificateRefusals(logger: context.logger))
    }

    /// Reads the records and binds the port, where there is to be one.
    ///
    /// - Returns: the port; `nil` where none is listened on.
    func bind() async throws -> Int? {
        if let listener = listener.withLock({ $0 }) { return listener.port }
        try await joined.book.load()
        guard let address = context.configuration.listen else { return nil }
        let new = try await PeerListener.bind(
            address, tls: identity.tls, acceptor: acceptor, configuration: transport,
            halfOpen: context.configuration.halfOpen, group: group, logger: context.logger)
        listener.withLock { $0 = new }
        return new.port
    }

    /// Serves edges until the task is cancelled. To be called when all that every edge shall have is worked out.
    func run() async {
        guard let listener = listener.withLock({ $0 }) else { return }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.identity.run(now: self.context.now, logger: self.context.logger) }
            group.addTask { await self.tokens.run(every: self.context.configuration.tokenSweepInterval) }
            group.addTask { await listener.run() }
        }
    }
}
