import JSONTree
public import KubernetesModel
public import Logging
import Synchronization

/// Writes `Event` objects about other objects, the same thing again as a higher count (`core/v1 Event`).
///
/// Events explain; they never hold anything up: failures to write them are logged and forgotten, and what is beyond an object's
/// ``EventAllowance`` is not written.
public final class EventRecorder: Sendable {
    public enum Severity: String, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    private struct Same: Hashable {
        let uid: String
        let reason: String
        let message: String
    }

    private let cluster: any ClusterAPI
    private let component: String
    private let host: String
    private let now: @Sendable () -> Int
    private let logger: Logger
    /// The events written lately, by what they say; bounded, oldest forgotten first.
    private let recent = Mutex<(names: [Same: (name: String, count: Int, first: String)], order: [Same])>(([:], []))
    private static let remembered = 1024
    private let allowance = Mutex(EventAllowance())

    /// - Parameters:
    ///   - component: who says so, such as `kubelet`; shown as the event's source.
    ///   - host: the node, where the component is one of a node's; empty elsewhere.
    ///   - now: seconds since 1970.
    public init(
        _ cluster: any ClusterAPI, component: String, host: String = "", now: @escaping @Sendable () -> Int,
        logger: Logger
    ) {
        self.cluster = cluster
        self.component = component
        self.host = host
        self.now = now
        self.logger = logger
    }

    /// Records that `reason` happened to `object`.
    ///
    /// - Parameter fieldPath: the part concerned, such as `spec.containers{nginx}`.
    public func record(
        _ severity: Severity, _ object: KubernetesObject, reason: String, _ message: String, fieldPath: String = ""
    ) async {
        let message = message.utf8.count > 1024 ? String(message.prefix(1000)) + "…" : message
        let same = Same(uid: object.uid, reason: reason, message: message)
        let seconds = now()
        let about = "\(object.kind)/\(object.namespace)/\(object.name)/\(object.uid)"
        guard allowance.withLock({ $0.take(about, now: seconds) }) else {
            return logger.debug("an event is one too many", metadata: ["object": "\(about)", "reason": "\(reason)"])
        }
        let time = Timestamp.text(seconds)
        let namespace = object.namespace.isEmpty ? "default" : object.namespace
        let known = recent.withLock { recent -> (name: String, count: Int, first: String)? in
            guard var entry = recent.names[same] else { return nil }
            entry.count += 1
            recent.names[same] = entry
            return entry
        }
        do {
            if let known {
                _ = try await cluster.merge(
                    .coreEvents, namespace: namespace, name: known.name,
                    ["count": JSON(known.count), "lastTimestamp": .string(time)])
                return
            }
            let name = "\(object.name).\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
            _ = try await cluster.create(
                .coreEvents, event(severity, object, reason, message, fieldPath, name, namespace, time))
            remember(same, name, time)
        } catch let error as APIError where error.isNotFound {
            // The namespace or the earlier event is gone: say it anew next time.
            recent.withLock { _ = $0.names.removeValue(forKey: same) }
        } catch {
            logger.debug("an event was not written", metadata: ["reason": "\(reason)", "error": "\(error)"])
        }
    }

    private func event(
        _ severity: Severity, _ object: KubernetesObject, _ reason: String, _ message: String, _ fieldPath: String,
        _ name: String, _ namespace: String, _ time: String
    ) -> KubernetesObject {
        var involved: JSON = [
            "apiVersion": .string(object.apiVersion), "kind": .string(object.kind), "name": .string(object.name),
            "uid": .string(object.uid), "resourceVersion": .string(object.resourceVersion),
        ]
        if !object.namespace.isEmpty { involved["namespace"] = .string(object.namespace) }
        if !fieldPath.isEmpty { involved["fieldPath"] = .string(fieldPath) }
        var source: JSON = ["component": .string(component)]
        if !host.isEmpty { source["host"] = .string(host) }
        return KubernetesObject(
            .coreEvents, name: name, namespace: namespace,
            [
                "involvedObject": involved, "reason": .string(reason), "message": .string(message), "source": source,
                "firstTimestamp": .string(time), "lastTimestamp": .string(time), "count": 1,
                "type": .string(severity.rawValue), "eventTime": .null, "reportingComponent": .string(component),
                "reportingInstance": .string(host),
            ])
    }

    private func remember(_ same: Same, _ name: String, _ time: String) {
        recent.withLock { recent in
            if recent.names.updateValue((name, 1, time), forKey: same) == nil { recent.order.append(same) }
            if recent.order.count > Self.remembered {
                for old in recent.order.prefix(Self.remembered / 2) { recent.names[old] = nil }
                recent.order.removeFirst(Self.remembered / 2)
            }
        }
    }
}
