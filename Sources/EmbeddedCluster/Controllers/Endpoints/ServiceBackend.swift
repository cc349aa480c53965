import JSONTree
import KubernetesModel

/// A pod behind a Service, wherever it runs.
struct ServiceBackend: Sendable, Hashable {
    let address: String
    let podName: String
    let podUID: String
    let namespace: String
    /// Empty while unknown.
    let node: String
    let hostname: String
    let ports: [ServicePort]
    /// Whether traffic may go there: ready, or wanted before it is.
    let isReady: Bool
    /// Whether the pod itself is ready, though it may be on its way out.
    let isServing: Bool
    let isTerminating: Bool

    /// The backends of a Service among pods that its selector matches; pods that ended or have no address are none.
    static func all(of service: KubernetesObject, among pods: [PodFacts]) -> [ServiceBackend] {
        let publishesAll = service.spec["publishNotReadyAddresses"]?.bool ?? false
        return pods.compactMap { pod -> ServiceBackend? in
            guard !pod.isFinished, let address = pod.object.status["podIP"]?.string, !address.isEmpty else {
                return nil
            }
            let isHere = pod.object.spec["subdomain"]?.string == service.name
            return ServiceBackend(
                address: address, podName: pod.object.name, podUID: pod.object.uid,
                namespace: pod.object.namespace, node: pod.node,
                hostname: isHere ? pod.object.spec["hostname"]?.string ?? "" : "",
                ports: ServicePort.all(of: service, on: pod.object).sorted(),
                isReady: publishesAll || pod.isReady && !pod.isBeingDeleted, isServing: pod.isReady,
                isTerminating: pod.isBeingDeleted)
        }.sorted { ($0.address, $0.podName) < ($1.address, $1.podName) }
    }

    var targetReference: JSON {
        [
            "kind": "Pod", "namespace": .string(namespace), "name": .string(podName), "uid": .string(podUID),
        ]
    }
}
