import Enrolment
import PeerTransport
import Sessions
import TLSTransport
import Wire

@testable import Agent
@testable import Hub

/// How connections come to be, carry and end, whoever dials.
extension World {
    func deliver(_ connection: Connection, _ direction: Connection.Direction) async throws {
        guard let piece = connection.next(direction) else { return }
        switch piece {
        case .message(let bytes), .data(_, let bytes):
            note("\(connection.edge) \(direction) \(bytes.count)")
            if messages.isCut() {
                note("cut")
                return connection.cut("cut")
            }
        case .part, .close: break
        }
        connection.end(direction).receive(piece)
        try await tell(connection)
    }

    /// Has both programs deal with what their sessions have told.
    func tell(_ connection: Connection) async throws {
        for event in connection.agent.takeEvents() {
            guard !connection.isOverAtEdge else { break }
            await sites[connection.edge]?.agent?.take(event, of: connection)
        }
        for event in connection.hub.takeEvents() {
            guard !connection.isOverAtHub, let hub else { break }
            let id = hub.dials.id(of: connection)
            guard id != nil || connection.isJoined else { break }
            await hub.take(event, of: connection, id)
        }
    }

    /// Few and small streams: visits reach the limits.
    static let limits = SessionLimits(streams: 12, streamWindow: 8 << 10, streamChunk: 1 << 10)

    // MARK: - Ends

    func lostAtHub(_ connection: Connection) async throws {
        guard let hub, let end = connection.hub.end else { return }
        await lost(connection, end, at: hub, wasEstablished: connection.talk != nil)
    }

    func lostAtEdge(_ connection: Connection) async throws {
        guard let agent = sites[connection.edge]?.agent, let end = connection.agent.end else { return }
        await lost(connection, end, at: agent, wasEstablished: connection.peering != nil)
    }

    private func lost(
        _ connection: Connection, _ end: PeerSessionEnd, at process: some DiallingProcess, wasEstablished: Bool
    ) async {
        // Only who has dialled has an attempt that goes on.
        let id = process.dials.id(of: connection)
        await process.lost(connection, end)
        guard let id, let dial = process.dials[id] else { return }
        process.dials.lost(id)
        if wasEstablished || end.code == .local {
            process.dials.later(id, clock.now, random: chance.fraction(), afterSuccess: true)
        } else {
            await failed(process, id, PeerDialError(address: dial.attempt.address, elapsed: .zero, end: end))
        }
    }

    // MARK: - Dialling

    func dial(_ id: Int) async throws {
        guard let hub, let attempt = hub.dials[id]?.attempt else { return }
        note("the hub dials \(attempt.address) for \(attempt.purpose)")
        let site = sites.values.first { $0.address == attempt.address }
        try await dial(hub, id, site, isJoined: false)
    }

    func join(_ site: EdgeSite, _ id: Int) async throws {
        guard let agent = site.agent else { return }
        note("\(site.name) dials the hub")
        try await dial(agent, id, site, isJoined: true)
    }

    private func dial(_ process: some DiallingProcess, _ id: Int, _ site: EdgeSite?, isJoined: Bool) async throws {
        guard let attempt = process.dials[id]?.attempt else { return }
        do {
            let connection = try await connect(attempt, process.life, site, isJoined: isJoined)
            process.dials.connected(id, connection)
            connections.append(connection)
        } catch is Life.Killed {
            return
        } catch {
            note("in vain")
            guard !process.life.isOver else { return }
            await failed(process, id, error)
        }
        if !process.life.isOver { await process.drain() }
    }

    private func failed(_ process: some DiallingProcess, _ id: Int, _ error: any Error) async {
        guard let attempt = process.dials[id]?.attempt else { return }
        if await attempt.failed(error) == .stop {
            process.dials.board.end(id)
            if case .farewell(let edge) = attempt.purpose {
                while hubDisk.all.farewells[edge] != nil, !process.life.isOver, !Task.isCancelled {
                    await Task.yield()
                }
            }
        } else {
            process.dials.later(id, clock.now, random: chance.fraction())
        }
        if !process.life.isOver { await process.drain() }
    }

    /// TLS, and who may talk: as the dialler and the listener do it.
    private func connect(
        _ attempt: DialBoard.Attempt, _ life: Life, _ site: EdgeSite?, isJoined: Bool
    ) async throws -> Connection {
        func problem(_ end: PeerSessionEnd) -> PeerDialError {
            PeerDialError(address: attempt.address, elapsed: .zero, end: end)
        }
        _ = try await attempt.tls()
        try life.check()
        let hello = await attempt.hello()
        guard let site else { throw problem(PeerSessionEnd(.lost, "nobody has the address")) }
        guard site.blocked.isEmpty else { throw problem(PeerSessionEnd(.timeout, "no answer")) }
        guard let (acceptor, book) = listener(of: site, isJoined: isJoined) else {
            throw problem(PeerSessionEnd(.lost, "refused"))
        }
        guard let credentials = credentials(for: attempt, of: site, isJoined: isJoined) else {
            throw problem(PeerSessionEnd(.lost, "the credentials are gone"))
        }
        let identity = try PeerIdentity(
            certificateChain: [credentials.identity.leaf], applicationProtocol: "causeway/1", tlsVersion: .tls1_3)
        guard !messages.isCut() else { throw problem(PeerSessionEnd(.lost, "cut")) }
        if book.revoked.contains(credentials.identity.leaf) { throw problem(.revoked) }
        let caller = PeerCaller(
            clusterID: isJoined ? site.clusterID : Self.hubID, identity: identity,
            address: (isJoined ? site.address : Self.hubAddress).host)
        let answer = await acceptor.admit(caller)
        guard !messages.isCut() else { throw problem(PeerSessionEnd(.lost, "cut")) }
        switch answer {
        case .refuse(let error):
            throw problem(.refusedByPeer(error))
        case .accept(let theirs):
            let hellos = isJoined ? (hub: theirs, agent: hello) : (hub: hello, agent: theirs)
            return open(site, attempt.purpose, identity, hellos, isJoined: isJoined)
        }
    }

    /// Who answers those that dial; `nil` where nobody does.
    private func listener(of site: EdgeSite, isJoined: Bool) -> (acceptor: any PeerAcceptor, book: PeeringBook)? {
        guard isJoined else { return site.agent.map { ($0.agent.acceptor, $0.agent.context.book) } }
        // The port answers once all that every edge shall have is worked out.
        guard let hub, hub.isReady else { return nil }
        return (hub.hub.port.acceptor, hub.hub.links.joined.book)
    }

    /// What proves who dials.
    private func credentials(for attempt: DialBoard.Attempt, of site: EdgeSite, isJoined: Bool) -> PeerCredentials? {
        if isJoined { return site.credentials.all.credentials[Self.hubID] }
        let held = hubDisk.all
        switch attempt.purpose {
        case .peering: return held.credentials[site.clusterID]
        case .farewell(let id): return held.farewells[id]?.credentials
        }
    }

    private func open(
        _ site: EdgeSite, _ purpose: DialPurpose, _ identity: PeerIdentity,
        _ hellos: (hub: HelloMessage, agent: HelloMessage), isJoined: Bool
    ) -> Connection {
        // What a handshake would have taken: by that both ends know how slow the network is.
        let roundTrip = site.line.delay * (1 + chance.fraction())
        func end(_ hello: HelloMessage, _ peer: String) -> SessionEnd {
            SessionEnd(
                PeerSessionConfiguration(
                    local: hello, peerClusterID: peer, limits: Self.limits, roundTripEstimate: roundTrip),
                clock: clock, visits: visits)
        }
        let connection = Connection(
            edge: site.name, purpose: purpose, isJoined: isJoined, identity: identity,
            hub: end(hellos.hub, site.clusterID), agent: end(hellos.agent, Self.hubID))
        connection.hub.start()
        connection.agent.start()
        return connection
    }
}

extension PeerSessionEnd {
    /// As the alert of the handshake reads.
    static let revoked: PeerSessionEnd = {
        var end = PeerSessionEnd(.untrusted, "certificate revoked")
        end.error = ErrorMessage(code: .notPeered, message: "the peer has revoked this cluster's certificate")
        return end
    }()
}
