import ClusterAPI
import Glibc
import JSONTree
import KubernetesModel
import Logging

/// Keeps one node's Node object and its lease current.
struct NodeRegistration: Sendable {
    let cluster: any ClusterAPI
    let node: NodeAgentConfiguration.Node
    let configuration: NodeAgentConfiguration
    let runtimeVersion: String
    let address: String
    let warning: String?
    let logger: Logger

    /// Seconds between two writes of a status that says nothing new; the kubelet's own default.
    private static let statusInterval = Duration.seconds(300)
    private static let leaseNamespace = "kube-node-lease"
    private static let leases = ResourceType.leases

    /// Registers the node, and renews its lease and status until the task is cancelled.
    func run() async {
        var written: (status: JSON, at: ContinuousClock.Instant)?
        while !Task.isCancelled {
            do {
                written = try await renew(written)
                try await renewLease()
            } catch is CancellationError {
                return
            } catch {
                logger.warning(
                    "a node could not be renewed, trying again",
                    metadata: ["node": "\(node.name)", "error": "\(error)"])
                written = nil
                try? await Task.sleep(for: .seconds(1))
                continue
            }
            try? await Task.sleep(for: configuration.leaseRenewal)
        }
    }

    private func renew(
        _ written: (status: JSON, at: ContinuousClock.Instant)?
    ) async throws -> (status: JSON, at: ContinuousClock.Instant)? {
        let object = NodeObject(
            node: node, configuration: configuration, facts: MachineFacts.read(folder: configuration.folder),
            runtimeVersion: runtimeVersion, address: address, warning: warning)
        let now = time(nil)
        var current: KubernetesObject
        if let found = try await cluster.find(.nodes, name: node.name) {
            current = found
            if !object.labels.allSatisfy({ found.label($0.key) == $0.value }) {
                current = try await cluster.merge(.nodes, name: node.name, ["metadata": object.metadata])
            }
        } else {
            do {
                current = try await cluster.create(.nodes, object.new)
                logger.info("registered a node", metadata: ["node": "\(node.name)"])
            } catch let error as APIError where error.isAlreadyExists {
                current = try await cluster.get(.nodes, namespace: nil, name: node.name)
            }
        }
        let status = object.status(after: current.json["status"], now: now)
        if let written, Self.withoutTimes(written.status) == Self.withoutTimes(status),
            Self.withoutTimes(current.status) == Self.withoutTimes(status),
            ContinuousClock.now - written.at < Self.statusInterval
        {
            return written
        }
        _ = try await cluster.merge(.nodes, name: node.name, ["status": status], subresource: "status")
        return (status, .now)
    }

    /// The status without what changes although nothing happened.
    private static func withoutTimes(_ status: JSON) -> JSON {
        var status = status
        status["conditions"] = .array(
            (status["conditions"]?.array ?? []).map {
                var condition = $0
                condition["lastHeartbeatTime"] = nil
                condition["lastTransitionTime"] = nil
                return condition
            })
        return status
    }

    private func renewLease() async throws {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let renewed = JSON.string(Timestamp.microText(now.tv_sec * 1_000_000 + now.tv_nsec / 1000))
        let spec: JSON = [
            "holderIdentity": .string(node.name), "leaseDurationSeconds": JSON(configuration.leaseSeconds),
            "renewTime": renewed,
        ]
        do {
            _ = try await cluster.merge(
                Self.leases, namespace: Self.leaseNamespace, name: node.name, ["spec": spec])
        } catch let error as APIError where error.isNotFound {
            try await createLease(spec)
        }
    }

    private func createLease(_ spec: JSON) async throws {
        let node = try await cluster.get(.nodes, namespace: nil, name: node.name)
        var lease = KubernetesObject(
            Self.leases, name: node.name, namespace: Self.leaseNamespace, ["spec": spec])
        lease.json["metadata", "ownerReferences"] = [
            ["apiVersion": "v1", "kind": "Node", "name": .string(node.name), "uid": .string(node.uid)]
        ]
        do {
            _ = try await cluster.create(Self.leases, lease)
        } catch let error as APIError where error.isNotFound {
            _ = try await cluster.create(.namespaces, KubernetesObject(.namespaces, name: Self.leaseNamespace))
            _ = try await cluster.create(Self.leases, lease)
        }
    }
}
