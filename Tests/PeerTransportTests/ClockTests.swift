import Logging
import NIOPosix
import PeerTransport
import Sessions
import TLSTransport
import Testing
import Wire

/// Clocks that are apart (F9): certificates look at the wall clock, five minutes either way.
@Suite("Clocks that are apart", .timeLimit(.minutes(1))) struct ClockTests {
    /// Dials an edge whose clock is so many seconds ahead, and enrols.
    private func enrol(edgeAhead seconds: Int64) async throws -> PeerEnrolment {
        let edge = try TestEdge("rome", now: wallClock() + seconds)
        let listener = try await edge.listen()
        return try await beside({ await listener.run() }) {
            let hub = TestHub()
            let enrolment = try await hub.dialler(listener.port).enrol(
                try edge.makeToken(), clusterID: hub.clusterID, clusterName: hub.clusterName, role: .hub,
                peerClusterID: edge.clusterID)
            let tls = try PeerTLS.dialler(
                identity: enrolment.identity, authorities: enrolment.authorities, peerClusterID: edge.clusterID)
            let connection = try await hub.dialler(listener.port).connect(tls: tls, hello: hub.hello())
            await connection.close()
            return enrolment
        }
    }

    @Test(
        "a peer whose clock is five minutes ahead, or an hour behind, is enrolled and connected",
        arguments: [290, -3600])
    func apart(seconds: Int64) async throws {
        #expect(try await enrol(edgeAhead: seconds).clusterName == "rome")
    }

    @Test("one whose clock is further ahead is refused with what to look at (F9)", arguments: [360, 3600])
    func tooFar(seconds: Int64) async throws {
        let error = await #expect(throws: PeerDialError.self) { _ = try await enrol(edgeAhead: seconds) }
        #expect(error?.end.code == .untrusted)
        #expect(error?.description.contains("is not valid yet; check the clocks") == true)
    }
}
