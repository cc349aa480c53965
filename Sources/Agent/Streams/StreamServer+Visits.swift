import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import PeerTransport
import Sessions
import Wire

/// Programs in containers, and connections to ports, for the clients of a hub. Each ends when the hub gives its stream up, or
/// the connection is lost, also while nothing moves.
extension StreamServer {
    // MARK: - Exec and attach

    func visit(_ request: IncomingStream, _ hub: HubPeering) async {
        let isAttach = request.kind == StreamKind.attach
        let wanted: ContainerStreamRequest
        do {
            wanted = try ContainerStreamRequest(json: request.parameters)
        } catch {
            return request.refuse(code: "BadRequest", message: "\(error)")
        }
        guard wanted.command.isEmpty == isAttach else {
            return request.refuse(
                code: "BadRequest",
                message: "parameters.command: \(isAttach ? "none goes with attach" : "at least a program is needed")")
        }
        guard let pod = pod(wanted.pod, of: hub, for: request) else { return }
        log("a hub's client works in a pod", request, pod, hub)
        let stream = ContainerRecordStream(request.accept())
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await stream.waitUntilBroken() }
            group.addTask { await serve(stream, wanted, pod) }
            await group.next()
            group.cancelAll()
        }
    }

    private func serve(
        _ stream: ContainerRecordStream, _ wanted: ContainerStreamRequest, _ pod: KubernetesObject
    ) async {
        let client = ContainerStreams(
            receive: { try await Self.input(from: stream) },
            send: { output in
                switch output {
                case .standardOutput(let bytes): try await stream.send(bytes) { .standardOutput($0) }
                case .standardError(let bytes): try await stream.send(bytes) { .standardError($0) }
                }
            })
        let container = ContainerRequest(
            container: wanted.container, command: wanted.command, standardInput: wanted.standardInput,
            standardOutput: wanted.standardOutput, standardError: wanted.standardError, terminal: wanted.terminal)
        do {
            let last: ContainerRecord
            do {
                var status = 0
                if wanted.command.isEmpty {
                    try await context.cluster.attach(namespace: pod.namespace, name: pod.name, container, client)
                } else {
                    status = try await context.cluster.exec(
                        namespace: pod.namespace, name: pod.name, container, client)
                }
                last = .exit(status: Int32(clamping: status))
            } catch let error as APIError {
                last = .failure(ContainerFailure(error))
            } catch let error as ClusterUnreachable {
                last = .failure(ContainerFailure(.unavailable(error.message)))
            }
            try await stream.send(last)
            stream.finish()
            // What the client still sends is of no interest; the hub ends its direction when it has read the last record.
            while try await stream.receive() != nil {}
        } catch is CancellationError {
            stream.cancel(stopped)
        } catch {
            // A stream that is broken already is not broken again.
            stream.cancel("the session broke off: \(error)")
        }
    }

    /// The hub's next input; `nil` where it has given up.
    private static func input(from stream: ContainerRecordStream) async throws -> ContainerStreams.Input? {
        switch try await stream.receive() {
        case .standardInput(let bytes): return .bytes(bytes)
        case .endOfInput: return .end
        case .resize(let columns, let rows): return .resize(columns: Int(columns), rows: Int(rows))
        case .standardOutput, .standardError, .exit, .failure:
            throw ContainerRecordError(.wrongSide)
        case nil: return nil
        }
    }

    // MARK: - Ports

    func forward(_ request: IncomingStream, _ hub: HubPeering) async {
        let wanted: ForwardRequest
        do {
            wanted = try ForwardRequest(json: request.parameters)
        } catch {
            return request.refuse(code: "BadRequest", message: "\(error)")
        }
        guard let pod = pod(wanted.pod, of: hub, for: request) else { return }
        log("a hub's client connects to a pod", request, pod, hub)
        let stream = request.accept()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await stream.waitUntilBroken() }
            group.addTask {
                do {
                    try await context.cluster.forward(
                        namespace: pod.namespace, name: pod.name, port: wanted.port,
                        ByteStreams(
                            receive: { try await stream.read().map { Array($0) } },
                            send: { bytes in
                                if bytes.isEmpty { stream.finish() } else { try await stream.write(bytes) }
                            }))
                    stream.finish()
                    while try await stream.read() != nil {}
                } catch is CancellationError {
                    stream.cancel(stopped)
                } catch {
                    stream.cancel("\(error)")
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private var stopped: String { "the agent of \(context.configuration.clusterName) has stopped the session" }

    private func log(_ message: Logger.Message, _ request: IncomingStream, _ pod: KubernetesObject, _ hub: HubPeering) {
        context.logger.debug(
            message,
            metadata: [
                LogKey.stream: "\(request.kind)", LogKey.namespace: "\(pod.namespace)", LogKey.pod: "\(pod.name)",
                LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)",
            ])
    }
}

extension ContainerFailure {
    init(_ error: APIError) {
        self.init(
            code: (400...599).contains(error.code) ? error.code : 500, reason: error.reason.rawValue,
            message: error.message)
    }
}
