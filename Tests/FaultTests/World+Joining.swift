import Enrolment
import PeerTransport
import Sessions
import TLSTransport
import Wire

@testable import Agent
@testable import Hub

/// How edges that dial the hub connect, and lose their connections.
extension World {
    func lostAtEdge(_ connection: Connection) async throws {
        guard let agent = sites[connection.edge]?.agent, let end = connection.agent.end else { return }
        let id = agent.dials.id(of: connection)
        let wasEstablished = connection.peering != nil
        await agent.lost(connection, end)
        guard let id, let dial = agent.dials[id] else { return }
        agent.dials.lost(id)
        if wasEstablished || end.code == .local {
            agent.dials.later(id, clock.now, random: chance.fraction(), afterSuccess: true)
        } else {
            await failed(agent, id, PeerDialError(address: dial.attempt.address, elapsed: .zero, end: end))
        }
    }

    func join(_ site: EdgeSite, _ id: Int) async throws {
        guard let agent = site.agent, let dial = agent.dials[id] else { return }
        note("\(site.name) dials the hub")
        do {
            let connection = try await connect(site, agent, dial.attempt)
            agent.dials.connected(id, connection)
            connections.append(connection)
        } catch is Life.Killed {
            return
        } catch {
            note("in vain")
            guard !agent.life.isOver else { return }
            await failed(agent, id, error)
        }
        if !agent.life.isOver { await agent.drain() }
    }

    private func failed(_ agent: AgentProcess, _ id: Int, _ error: any Error) async {
        guard let dial = agent.dials[id] else { return }
        if await dial.attempt.failed(error) == .stop {
            agent.dials.board.end(id)
        } else {
            agent.dials.later(id, clock.now, random: chance.fraction())
        }
        if !agent.life.isOver { await agent.drain() }
    }

    /// TLS, and who may talk: as the dialler and the listener do it.
    private func connect(
        _ site: EdgeSite, _ agent: AgentProcess, _ attempt: DialBoard.Attempt
    ) async throws -> Connection {
        func problem(_ end: PeerSessionEnd) -> PeerDialError {
            PeerDialError(address: attempt.address, elapsed: .zero, end: end)
        }
        _ = try await attempt.tls()
        try agent.life.check()
        let hello = await attempt.hello()
        guard site.blocked.isEmpty else { throw problem(PeerSessionEnd(.timeout, "no answer")) }
        // The port answers once all that every edge shall have is worked out.
        guard let hub, hub.isReady else { throw problem(PeerSessionEnd(.lost, "refused")) }
        guard let credentials = site.credentials.all.credentials[Self.hubID] else {
            throw problem(PeerSessionEnd(.lost, "the credentials are gone"))
        }
        let identity = try PeerIdentity(
            certificateChain: [credentials.identity.leaf], applicationProtocol: "causeway/1", tlsVersion: .tls1_3)
        guard !messages.isCut() else { throw problem(PeerSessionEnd(.lost, "cut")) }
        if hub.hub.links.joined.book.revoked.contains(credentials.identity.leaf) { throw problem(.revoked) }
        let caller = PeerCaller(clusterID: site.clusterID, identity: identity, address: site.address.host)
        let answer = await hub.hub.port.acceptor.admit(caller)
        guard !messages.isCut() else { throw problem(PeerSessionEnd(.lost, "cut")) }
        switch answer {
        case .refuse(let error):
            throw problem(.refusedByPeer(error))
        case .accept(let theirs):
            let roundTrip = site.delay * (1 + chance.fraction())
            let connection = Connection(
                edge: site.name, purpose: attempt.purpose, isJoined: true, identity: identity,
                hub: SessionEnd(
                    PeerSessionConfiguration(
                        local: theirs, peerClusterID: site.clusterID, roundTripEstimate: roundTrip), clock: clock),
                agent: SessionEnd(
                    PeerSessionConfiguration(local: hello, peerClusterID: Self.hubID, roundTripEstimate: roundTrip),
                    clock: clock))
            connection.hub.start()
            connection.agent.start()
            return connection
        }
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
