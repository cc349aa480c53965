import PeerTransport
import Wire

/// Asks again and again whether the edge's pod network answers, through the peering: the fact behind NETWORKING.
struct EdgeProbe: Sendable {
    let connection: PeerConnection
    let interval: Duration
    /// Probes in a row that may fail before the network counts as down.
    let losses: Int
    /// Called with the round-trip time of each answer, and with `nil` once the network counts as down.
    let report: @Sendable (Duration?, _ why: String) -> Void

    /// Probes until the task is cancelled.
    func run() async {
        var failures = 0
        var stream: PeerStream?
        var number: UInt64 = 0
        while !Task.isCancelled {
            do {
                let open = if let stream { stream } else { try await connection.openStream(kind: StreamKind.probe) }
                stream = open
                number += 1
                report(try await roundTrip(open, number), "")
                failures = 0
            } catch is CancellationError {
                return
            } catch {
                stream?.cancel("the probe failed")
                stream = nil
                failures += 1
                if failures >= losses { report(nil, "\(error)") }
            }
            // Sooner after a failure, so that a passing fault is told from a lasting one quickly.
            try? await Task.sleep(for: failures == 0 ? interval : interval / 4)
        }
    }

    private struct NoAnswer: Error, CustomStringConvertible {
        let description = "no answer came from the edge's pod network in time"
    }

    private func roundTrip(_ stream: PeerStream, _ number: UInt64) async throws -> Duration {
        let question = withUnsafeBytes(of: number.bigEndian) { Array($0) }
        let start = ContinuousClock.now
        let answer = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask {
                try await stream.write(question)
                var answer: [UInt8] = []
                while answer.count < question.count, let bytes = try await stream.read() { answer += bytes }
                return answer
            }
            group.addTask {
                try await Task.sleep(for: max(interval, .seconds(1)))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard answer == question else { throw NoAnswer() }
        return ContinuousClock.now - start
    }
}
