import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import PeerTransport
import Wire

/// Answers the streams that a hub opens.
struct StreamServer: Sendable {
    let context: AgentContext
    let network: PodNetworkProbe
    /// Told when a hub's first probe on a connection was answered.
    let probed: @Sendable (HubPeering) -> Void

    func serve(_ request: IncomingStream, hub: HubPeering) async {
        switch request.kind {
        case StreamKind.logs: await logs(request, hub)
        case StreamKind.exec, StreamKind.attach: await visit(request, hub)
        case StreamKind.forward: await forward(request, hub)
        case StreamKind.probe: await probe(request, hub)
        default:
            request.refuse(
                code: "NotSupported", message: "this agent serves no streams of the kind “\(request.kind)”; upgrade it")
        }
    }

    /// The pod that a hub means, of its own ones only; refuses the request where there is none.
    func pod(_ key: ItemKey, of hub: HubPeering, for request: IncomingStream) -> KubernetesObject? {
        let pods = context.pods(of: hub.clusterID, key)
        if let pod = pods.first(where: { !$0.isBeingDeleted }) ?? pods.first { return pod }
        request.refuse(
            code: "NotFound", message: "\(context.configuration.clusterName) runs no pod \(key.namespace)/\(key.name)")
        return nil
    }

    // MARK: - Logs

    private func logs(_ request: IncomingStream, _ hub: HubPeering) async {
        let wanted: LogsRequest
        do {
            wanted = try LogsRequest(json: request.parameters)
        } catch {
            return request.refuse(code: "BadRequest", message: "\(error)")
        }
        guard let pod = pod(wanted.pod, of: hub, for: request) else { return }
        let log: AsyncThrowingStream<[UInt8], any Error>
        do {
            log = try await context.cluster.podLogs(
                namespace: pod.namespace, name: pod.name, LogOptions(wanted))
        } catch let error as APIError {
            return request.refuse(code: String(error.reason.rawValue.prefix(100)), message: error.message)
        } catch {
            return request.refuse(code: "ServiceUnavailable", message: "\(error)")
        }
        let stream = request.accept()
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    for try await bytes in log { try await stream.write(bytes) }
                    stream.finish()
                } catch {
                    // What came before is told whole.
                    try? await stream.drain()
                    stream.cancel("the log broke off: \(error)")
                }
                return true
            }
            group.addTask {
                // A reader that goes away in the middle of a log that is followed ends it.
                do {
                    while try await stream.read() != nil {}
                    return false
                } catch {
                    return true
                }
            }
            while let isOver = await group.next(), !isOver {}
            group.cancelAll()
        }
    }

    // MARK: - Probes

    private func probe(_ request: IncomingStream, _ hub: HubPeering) async {
        let connection: PodNetworkProbe.Connection
        do {
            connection = try await network.connect()
        } catch {
            return request.refuse(code: "PodNetworkUnavailable", message: "\(error)")
        }
        let stream = request.accept()
        do {
            try await connection.relay(stream) { if hub.probed() { probed(hub) } }
        } catch {
            stream.cancel("the pod network stopped answering: \(error)")
        }
    }
}

extension LogOptions {
    init(_ request: LogsRequest) {
        self.init(
            container: request.container, follow: request.follow, previous: request.previous,
            timestamps: request.timestamps, tailLines: request.tailLines, sinceSeconds: request.sinceSeconds,
            sinceTime: request.sinceTime, limitBytes: request.limitBytes)
    }
}
