import KubernetesModel
import Testing

@testable import Leadership

@Suite("The election of a leader")
struct LeaderElectionTests {
    private static let timings = LeaderElection.Timings(
        leaseDuration: .seconds(10), renewDeadline: .seconds(7), retryPeriod: .seconds(1))

    private func record(_ holder: String, version: String, transitions: Int = 0) -> LeaseRecord {
        LeaseRecord(
            holder: holder, durationSeconds: 10, transitions: transitions, acquireTime: "then", renewTime: "now",
            resourceVersion: version)
    }

    private func follower() -> LeaderElection { LeaderElection(identity: "me", timings: Self.timings) }

    private func leader(at now: Duration) throws -> LeaderElection {
        var election = follower()
        guard case .write = election.read(nil, at: now) else { throw Unexpected() }
        guard case .lead = election.wrote(record("me", version: "1"), at: now) else { throw Unexpected() }
        return election
    }

    private struct Unexpected: Error {}

    @Test("a lease that nobody has is taken at once", arguments: [nil, "", "me"])
    func free(_ holder: String?) throws {
        var election = follower()
        #expect(election.wake(at: .zero) == .read)
        guard case .write(let wanted) = election.read(holder.map { record($0, version: "4") }, at: .seconds(1)) else {
            throw Unexpected()
        }
        #expect(wanted.holder == "me")
        #expect(wanted.resourceVersion == (holder == nil ? "" : "4"))
        #expect(wanted.transitions == (holder == "" ? 1 : 0))
        #expect(!election.isLeading)
        #expect(election.wrote(record("me", version: "5"), at: .seconds(2)) == .lead(.seconds(1)))
        // Counted from when the request was sent.
        #expect(election.leadsUntil == .seconds(8))
    }

    @Test("a follower waits as long as the lease changes, and for its duration after that")
    func follows() throws {
        var election = follower()
        #expect(election.read(record("other", version: "1"), at: .zero) == .wait(.seconds(1)))
        #expect(election.read(record("other", version: "1"), at: .seconds(9)) == .wait(.seconds(1)))
        #expect(election.read(record("other", version: "2"), at: .seconds(9.5)) == .wait(.seconds(1)))
        #expect(election.read(record("other", version: "2"), at: .seconds(19)) == .wait(.seconds(0.5)))
        guard case .write(let wanted) = election.read(record("other", version: "2"), at: .seconds(19.5)) else {
            throw Unexpected()
        }
        #expect(wanted.transitions == 1)
        #expect(election.conflicted(at: .seconds(20)) == .read)
        #expect(election.read(record("third", version: "3"), at: .seconds(20)) == .wait(.seconds(1)))
    }

    @Test("a lease that is deleted under its leader is not taken before the leader has noticed")
    func deleted() throws {
        var election = follower()
        _ = election.read(record("other", version: "1"), at: .zero)
        #expect(election.read(nil, at: .seconds(5)) == .wait(.seconds(1)))
        guard case .write = election.read(nil, at: .seconds(10)) else { throw Unexpected() }
        var leader = try leader(at: .zero)
        guard case .write = leader.wake(at: .seconds(1)) else { throw Unexpected() }
        #expect(leader.conflicted(at: .seconds(1)) == .read)
        guard case .write(let anew) = leader.read(nil, at: .seconds(1)) else { throw Unexpected() }
        #expect(anew.holder == "me")
        #expect(anew.resourceVersion == "")
    }

    @Test("a leader that cannot renew stops before another begins")
    func deadline() throws {
        var election = try leader(at: .zero)
        guard case .write = election.wake(at: .seconds(1)) else { throw Unexpected() }
        #expect(election.failed(at: .seconds(3)) == .wait(.seconds(0.5)))
        guard case .write = election.wake(at: .seconds(4)) else { throw Unexpected() }
        #expect(election.failed(at: .seconds(6)) == .wait(.seconds(0.5)))
        #expect(election.wake(at: .seconds(7)) == .stop)
        #expect(election.wake(at: .seconds(8)) == .stop)
        #expect(!election.isLeading)
    }

    @Test("an answer that comes too late is worth nothing")
    func late() throws {
        var election = try leader(at: .zero)
        guard case .write = election.wake(at: .seconds(6)) else { throw Unexpected() }
        #expect(election.wrote(record("me", version: "2"), at: .seconds(7)) == .stop)
        var follower = follower()
        _ = follower.read(nil, at: .zero)
        #expect(follower.wrote(record("me", version: "1"), at: .seconds(8)) == .read)
        #expect(!follower.isLeading)
    }

    @Test("a leader whose lease another has stops; one whose lease somebody only edited goes on")
    func edited() throws {
        var election = try leader(at: .zero)
        guard case .write = election.wake(at: .seconds(1)) else { throw Unexpected() }
        #expect(election.conflicted(at: .seconds(1)) == .read)
        guard case .write(let wanted) = election.read(record("me", version: "9"), at: .seconds(1)) else {
            throw Unexpected()
        }
        #expect(wanted.resourceVersion == "9")
        #expect(election.conflicted(at: .seconds(1)) == .read)
        #expect(election.read(record("other", version: "10"), at: .seconds(1)) == .stop)
    }

    // MARK: - Many at once

    /// A Lease with optimistic concurrency, whose answers may be lost, late or refused.
    private struct Server {
        var record: LeaseRecord?
        var version = 0

        mutating func write(_ wanted: LeaseRecord) -> LeaseRecord? {
            guard wanted.resourceVersion == record?.resourceVersion ?? "" else { return nil }
            version += 1
            var stored = wanted
            stored.resourceVersion = String(version)
            record = stored
            return stored
        }
    }

    private struct Replica {
        var election: LeaderElection
        var action = LeaderElection.Action.read
        var due = Duration.zero
        /// What the server said, on its way.
        var answer: ((inout LeaderElection, Duration) -> LeaderElection.Action)?
    }

    @Test("whatever is lost, late or killed, two never lead at once, and somebody leads again", arguments: 0..<100)
    func simulated(_ seed: UInt64) throws {
        var random = Seeded(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
        var server = Server()
        var replicas: [Replica] = []
        var lives = 0
        func life() -> LeaderElection {
            lives += 1
            return LeaderElection(identity: "replica-\(lives)", timings: Self.timings)
        }
        for _ in 0..<3 { replicas.append(Replica(election: life())) }
        var now = Duration.zero
        let calm = Duration.seconds(300)
        while now < calm + .seconds(60) {
            let isCalm = now >= calm
            let next = try #require(replicas.indices.min { replicas[$0].due < replicas[$1].due })
            now = max(now, replicas[next].due)
            var replica = replicas[next]
            if !isCalm, Int.random(in: 0..<60, using: &random) == 0 {
                // Killed, and started again.
                replica = Replica(election: life())
                replica.due = now + .milliseconds(Int.random(in: 0..<3000, using: &random))
            } else if let answer = replica.answer {
                replica.answer = nil
                replica.action = answer(&replica.election, now)
                replica.due = now
            } else {
                let delay = Duration.milliseconds(
                    isCalm
                        ? 5
                        : Int.random(in: 0..<12, using: &random) == 0
                            ? Int.random(in: 0..<15_000, using: &random) : Int.random(in: 0..<100, using: &random))
                let isLost = !isCalm && Int.random(in: 0..<10, using: &random) == 0
                switch replica.action {
                case .wait(let time), .lead(let time):
                    replica.answer = { $0.wake(at: $1) }
                    replica.due = now + time + (isCalm ? .zero : delay)
                case .read:
                    let record = server.record
                    replica.answer = { isLost ? $0.failed(at: $1) : $0.read(record, at: $1) }
                    replica.due = now + delay
                case .write(let wanted):
                    // Lost on its way there, or on its way back.
                    let arrives = !isLost || Bool.random(using: &random)
                    let stored = arrives ? server.write(wanted) : nil
                    replica.answer = { election, now in
                        if isLost { return election.failed(at: now) }
                        return stored.map { election.wrote($0, at: now) } ?? election.conflicted(at: now)
                    }
                    replica.due = now + delay
                case .stop:
                    replica = Replica(election: life())
                    replica.due = now
                }
            }
            replicas[next] = replica
            let leaders = replicas.filter { $0.election.leadsUntil.map { now < $0 } ?? false }
            #expect(leaders.count <= 1, "at \(now): \(leaders.map(\.election.identity))")
        }
        #expect(replicas.contains { $0.election.leadsUntil.map { now < $0 } ?? false }, "nobody leads at the end")
    }

    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }
}
