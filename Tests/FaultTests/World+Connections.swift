import Enrolment
import PeerTransport
import Sessions
import TLSTransport
import Wire

@testable import Agent
@testable import Hub

/// How connections come to be, carry and end.
extension World {
    func deliver(_ connection: Connection, _ direction: Connection.Direction) async throws {
        guard let piece = connection.next(direction) else { return }
        if case .message(let bytes) = piece {
            note("\(connection.edge) \(direction) \(bytes.count)")
            if messages.isCut() {
                note("cut")
                return connection.cut("cut")
            }
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

    func lostAtHub(_ connection: Connection) async throws {
        guard let hub, let end = connection.hub.end else { return }
        let id = hub.dials.id(of: connection)
        let wasEstablished = connection.talk != nil
        await hub.lost(connection, end)
        guard let id, let dial = hub.dials[id] else { return }
        hub.dials.lost(id)
        if wasEstablished || end.code == .local {
            hub.dials.later(id, clock.now, random: chance.fraction(), afterSuccess: true)
        } else {
            try await failed(id, PeerDialError(address: dial.attempt.address, elapsed: .zero, end: end))
        }
    }

    func dial(_ id: Int) async throws {
        guard let hub, let dial = hub.dials[id] else { return }
        note("the hub dials \(dial.attempt.address) for \(dial.attempt.purpose)")
        do {
            let connection = try await connect(hub, dial.attempt)
            hub.dials.connected(id, connection)
            connections.append(connection)
        } catch is Life.Killed {
            return
        } catch {
            note("in vain")
            guard !hub.life.isOver else { return }
            try await failed(id, error)
        }
        if !hub.life.isOver { await hub.drain() }
    }

    private func failed(_ id: Int, _ error: any Error) async throws {
        guard let hub, let dial = hub.dials[id] else { return }
        if await dial.attempt.failed(error) == .stop {
            hub.dials.board.end(id)
            if case .farewell(let edge) = dial.attempt.purpose {
                while hubDisk.all.farewells[edge] != nil, !hub.life.isOver, !Task.isCancelled { await Task.yield() }
            }
        } else {
            hub.dials.later(id, clock.now, random: chance.fraction())
        }
        if !hub.life.isOver { await hub.drain() }
    }

    /// TLS, and who may talk: as the dialler and the listener do it.
    private func connect(_ hub: HubProcess, _ attempt: DialBoard.Attempt) async throws -> Connection {
        func problem(_ end: PeerSessionEnd, _ attempts: [String] = []) -> PeerDialError {
            PeerDialError(address: attempt.address, attempts: attempts, elapsed: .zero, end: end)
        }
        _ = try await attempt.tls()
        try hub.life.check()
        let hello = await attempt.hello()
        guard let site = sites.values.first(where: { $0.address == attempt.address }) else {
            throw problem(PeerSessionEnd(.lost, "nobody has the address"))
        }
        guard site.blocked.isEmpty else { throw problem(PeerSessionEnd(.timeout, "no answer"), ["no answer"]) }
        guard let agent = site.agent else { throw problem(PeerSessionEnd(.lost, "refused"), ["refused"]) }
        let held = hubDisk.all
        let credentials =
            switch attempt.purpose {
            case .peering: held.credentials[site.clusterID]
            case .farewell(let id): held.farewells[id]?.credentials
            }
        guard let credentials else { throw problem(PeerSessionEnd(.lost, "the credentials are gone")) }
        let identity = try PeerIdentity(
            certificateChain: [credentials.identity.leaf], applicationProtocol: "causeway/1", tlsVersion: .tls1_3)
        guard !messages.isCut() else { throw problem(PeerSessionEnd(.lost, "cut")) }
        if agent.agent.context.book.revoked.contains(credentials.identity.leaf) { throw problem(.revoked) }
        let caller = PeerCaller(clusterID: Self.hubID, identity: identity, address: "192.0.2.1")
        let answer = await agent.agent.acceptor.admit(caller)
        guard !messages.isCut() else { throw problem(PeerSessionEnd(.lost, "cut")) }
        switch answer {
        case .refuse(let error):
            throw problem(.refusedByPeer(error))
        case .accept(let theirs):
            // What a handshake would have taken: by that both ends know how slow the network is.
            let roundTrip = site.delay * (1 + chance.fraction())
            let connection = Connection(
                edge: site.name, purpose: attempt.purpose, identity: identity,
                hub: SessionEnd(
                    PeerSessionConfiguration(
                        local: hello, peerClusterID: site.clusterID, roundTripEstimate: roundTrip), clock: clock),
                agent: SessionEnd(
                    PeerSessionConfiguration(
                        local: theirs, peerClusterID: Self.hubID, roundTripEstimate: roundTrip), clock: clock))
            connection.hub.start()
            connection.agent.start()
            return connection
        }
    }
}
