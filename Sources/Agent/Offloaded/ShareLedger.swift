import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Synchronization
import Wire

/// Counts what each hub's pods take of this edge, and lets none through that would take more than the hub's share.
///
/// Pods that were let through count at once, before the local copy of the cluster shows them: many are made at a time. A key
/// counts once, whatever is known of it: what was let through goes before the pods that were there under the key, of which
/// the last word may still be on its way.
final class ShareLedger: Sendable {
    /// A pod that would be too much.
    struct Excess: Sendable, Hashable {
        let resource: String
        let limit: Quantity
        let used: Quantity
        let asked: Quantity

        /// - Parameter hub: its name.
        func message(hub: String) -> String {
            "the edge shares \(limit) of \(resource) with \(hub); its pods use \(used) of that, and this one asks for \(asked)"
        }
    }

    private struct Account {
        /// By key and uid, the pods that are there and have not finished.
        var pods: [ItemKey: [String: ResourceAmounts]] = [:]
        var used: ResourceAmounts = [:]
        /// Pods that were let through and were not seen yet.
        var granted: [ItemKey: ResourceAmounts] = [:]

        mutating func put(_ key: ItemKey, _ uid: String, _ amounts: ResourceAmounts?) {
            for (name, amount) in pods[key]?[uid] ?? [:] { used[name] = (used[name] ?? .zero) - amount }
            pods[key, default: [:]][uid] = amounts
            if pods[key]?.isEmpty == true { pods[key] = nil }
            used.add(amounts ?? [:])
        }

        /// What counts of a resource.
        func total(_ resource: String, without key: ItemKey? = nil) -> Quantity {
            var sum = used[resource] ?? .zero
            for (granted, amounts) in granted where granted != key {
                sum = sum + (amounts[resource] ?? .zero) - there(granted, resource)
            }
            return key.map { sum - there($0, resource) } ?? sum
        }

        private func there(_ key: ItemKey, _ resource: String) -> Quantity {
            (pods[key] ?? [:]).values.reduce(.zero) { $0 + ($1[resource] ?? .zero) }
        }

        var isEmpty: Bool { pods.isEmpty && granted.isEmpty }
    }

    private let accounts = Mutex<[String: Account]>([:])

    /// Takes a change of a hub's pod into account.
    func note(_ change: InformerChange) {
        guard let origin = OriginOf.pod(change.object) else { return }
        let uid = change.object.uid
        let amounts = change.new.flatMap {
            KubernetesObject.isFinishedPod(status: $0.status) ? nil : Self.amounts(of: $0)
        }
        accounts.withLock { accounts in
            // The end of a pod may be heard after the next one under its key was let through: only a pod that is there is that.
            if change.new != nil { accounts[origin.hub]?.granted[origin.key] = nil }
            accounts[origin.hub, default: Account()].put(origin.key, uid, amounts)
            Self.forget(origin.hub, ifEmptyIn: &accounts)
        }
    }

    /// Lets a pod through and counts it until it is seen or released, or says what would be too much.
    ///
    /// - Parameters:
    ///   - amounts: as ``amounts(of:)`` says of the pod that is wanted.
    ///   - limits: by resource; others are not limited.
    func grant(_ key: ItemKey, _ amounts: ResourceAmounts, hub: String, limits: ResourceAmounts) -> Excess? {
        accounts.withLock { accounts in
            // Changed where it is: a copy costs as much as there are pods.
            accounts[hub]?.granted[key] = nil
            for (resource, limit) in limits.sorted(by: { $0.key < $1.key }) {
                guard let asked = amounts[resource], !asked.isZero else { continue }
                let used = accounts[hub]?.total(resource, without: key) ?? .zero
                guard used + asked <= limit else {
                    Self.forget(hub, ifEmptyIn: &accounts)
                    return Excess(resource: resource, limit: limit, used: used, asked: asked)
                }
            }
            accounts[hub, default: Account()].granted[key] = amounts
            return nil
        }
    }

    /// The pod that was let through was not made, for certain, or nobody wants it any more and it is not there.
    func release(_ key: ItemKey, hub: String) {
        accounts.withLock { accounts in
            accounts[hub]?.granted[key] = nil
            Self.forget(hub, ifEmptyIn: &accounts)
        }
    }

    private static func forget(_ hub: String, ifEmptyIn accounts: inout [String: Account]) {
        if accounts[hub]?.isEmpty == true { accounts[hub] = nil }
    }

    /// What a hub's pods take now.
    func used(by hub: String) -> ResourceAmounts {
        accounts.withLock { accounts in
            guard let account = accounts[hub] else { return [:] }
            var names = Set(account.used.keys)
            for amounts in account.granted.values { names.formUnion(amounts.keys) }
            return ResourceAmounts(uniqueKeysWithValues: names.map { ($0, account.total($0)) })
        }
    }

    /// What a pod asks of the edge: its requests, its limits where it names no request, and its place among the pods.
    static func amounts(of pod: KubernetesObject) -> ResourceAmounts {
        var pod = pod
        for list in ["containers", "initContainers"] {
            guard let containers = pod.spec[list]?.array else { continue }
            pod.json["spec", list] = .array(
                containers.map { container in
                    guard let limits = container["resources"]?["limits"]?.object else { return container }
                    var container = container
                    // As the API server does when it stores the pod.
                    for (name, limit) in limits where container["resources"]?["requests"]?[name] == nil {
                        container["resources", "requests", name] = limit
                    }
                    return container
                })
        }
        var amounts = PodRequests.total(of: pod)
        amounts["pods"] = Quantity(1)
        return amounts
    }
}
