import PeerTransport
import Synchronization
import Wire

/// Asks again and again whether the edge's pod network answers, through the peering: the fact behind NETWORKING.
struct EdgeProbe: Sendable {
    let connection: PeerConnection
    let interval: Duration
    /// Probes in a row that may fail before the network counts as down.
    let losses: Int
    /// Called with the shortest of the last round-trip times after each answer, and with `nil` once the network counts as down.
    let report: @Sendable (Duration?, _ why: String) -> Void

    /// Probes until the task is cancelled.
    func run() async {
        var failures = 0
        while !Task.isCancelled {
            let questions = Questions()
            do {
                let stream = try await connection.openStream(kind: StreamKind.probe)
                try await probe(stream, questions)
            } catch is CancellationError {
                return
            } catch {
                failures = questions.hasAnswers ? 1 : failures + 1
                if failures >= losses { report(nil, "\(error)") }
            }
            // Sooner after a failure, so that a passing fault is told from a lasting one quickly.
            try? await Task.sleep(for: interval / 4)
        }
    }

    /// When to ask next: together with some others, as a machine is woken for many at the price of one; but not with all, as a
    /// thousand edges that came back at once are not to be asked at once for ever.
    private func nextTime(after now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        let step = interval / 20
        let wait = interval * Double.random(in: 0.95...1.05)
        guard step > .zero else { return now + wait }
        return Self.origin + step * Int(((now - Self.origin + wait) / step).rounded(.up))
    }

    /// The same for all probes of the process.
    private static let origin = ContinuousClock.now

    private struct NoAnswer: Error, CustomStringConvertible {
        let description = "no answer came from the edge's pod network in time"
    }

    /// Asks until a question is not answered in time. Two tasks for the life of the stream, not some for each question: there
    /// may be a thousand edges.
    private func probe(_ stream: PeerStream, _ questions: Questions) async throws {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var answers: [UInt8] = []
                    while let bytes = try await stream.read() {
                        answers += bytes
                        while answers.count >= Questions.length {
                            let time = questions.answered(by: answers.prefix(Questions.length), at: .now)
                            answers.removeFirst(Questions.length)
                            guard let time else { throw NoAnswer() }
                            report(time, "")
                        }
                    }
                    throw NoAnswer()
                }
                group.addTask {
                    while !questions.isOverdue(after: max(interval * 0.9, .seconds(1)), at: .now) {
                        try await stream.write(questions.next(at: .now))
                        try await ContinuousClock().sleep(until: nextTime(after: .now))
                    }
                    throw NoAnswer()
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            stream.cancel("the probe failed")
            throw error
        }
    }
}

/// The questions of one stream, each a number that the edge sends back, and when they were asked.
private final class Questions: Sendable {
    /// Bytes of a question, and of its answer.
    static let length = 8

    private struct State {
        var number: UInt64 = 0
        var open: [(number: UInt64, at: ContinuousClock.Instant)] = []
        var recent = RecentRoundTrips()
        var hasAnswers = false
    }

    private let state = Mutex(State())

    var hasAnswers: Bool { state.withLock { $0.hasAnswers } }

    func next(at now: ContinuousClock.Instant) -> [UInt8] {
        let number = state.withLock { state in
            state.number += 1
            state.open.append((state.number, now))
            return state.number
        }
        return withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    /// - Returns: the shortest of the last round-trip times; `nil` for bytes that answer no question.
    func answered(by bytes: ArraySlice<UInt8>, at now: ContinuousClock.Instant) -> Duration? {
        let number = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return state.withLock { state in
            guard let place = state.open.firstIndex(where: { $0.number == number }) else { return nil }
            let time = now - state.open[place].at
            state.open.removeSubrange(...place)
            state.hasAnswers = true
            return state.recent.add(time)
        }
    }

    /// Whether a question has waited so long for its answer.
    func isOverdue(after limit: Duration, at now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in state.open.first.map { now - $0.at >= limit } ?? false }
    }
}
