import ClusterAPI
import KubernetesModel
import PeerTransport
import Sessions
import Wire

/// One client of exec or attach at the origin, and the program at the edge.
struct ContainerVisit: Sendable {
    /// The ForeignCluster's name.
    let edge: String
    let stream: ContainerRecordStream
    let client: ContainerStreams

    /// Carries everything until the program has ended.
    ///
    /// - Returns: the exit status.
    /// - Throws: `APIError` as the edge words it, `StreamError`, `CancellationError` where the client has gone.
    func run() async throws -> Int {
        let status = try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask {
                try await carryInput()
                return nil
            }
            group.addTask { try await carryOutput() }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let ended { return ended }
            }
            throw CancellationError()
        }
        // A good end both ways, for the edge's sake; how the program ended is known already.
        stream.finish()
        _ = try? await stream.receive()
        return status
    }

    /// Until the edge takes no more.
    ///
    /// - Throws: `CancellationError` when the client has gone.
    private func carryInput() async throws {
        while let input = try await client.receive() {
            do {
                switch input {
                case .bytes(let bytes): try await stream.send(bytes) { .standardInput($0) }
                case .end: try await stream.send(.endOfInput)
                case .resize(let columns, let rows):
                    try await stream.send(
                        .resize(columns: UInt16(clamping: columns), rows: UInt16(clamping: rows)))
                }
            } catch is StreamError {
                // Whoever reads the output learns why.
                return
            }
        }
        throw CancellationError()
    }

    private func carryOutput() async throws -> Int {
        do {
            while let record = try await stream.receive() {
                switch record {
                case .standardOutput(let bytes): try await client.send(.standardOutput(bytes))
                case .standardError(let bytes): try await client.send(.standardError(bytes))
                case .exit(let status): return Int(status)
                case .failure(let failure):
                    throw APIError(
                        code: failure.code, reason: APIError.Reason(rawValue: failure.reason), message: failure.message)
                case .standardInput, .endOfInput, .resize:
                    stream.cancel("the peer broke the protocol: \(ContainerRecordError(.wrongSide))")
                    throw ContainerRecordError(.wrongSide)
                }
            }
            throw ContainerRecordError(.cutShort)
        } catch let error as ContainerRecordError {
            throw APIError.internalError("edge \(edge) does not keep to the protocol: \(error)")
        }
    }
}
