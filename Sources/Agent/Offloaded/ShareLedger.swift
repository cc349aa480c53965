import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Synchronization
import Wire

/// Counts what each hub's pods take of this edge, and lets none through that would take more than the hub's share.
///
/// Pods that were let through count at once, before the local copy of the cluster shows them: many are made at a time.
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
        /// By uid, the pods that are there and have not finished.
        var pods: [String: ResourceAmounts] = [:]
        var used: ResourceAmounts = [:]
        /// Pods that were let through and are not there yet.
        var granted: [ItemKey: ResourceAmounts] = [:]
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
            var account = accounts[origin.hub] ?? Account()
            account.granted[origin.key] = nil
            for (name, amount) in account.pods[uid] ?? [:] {
                account.used[name] = (account.used[name] ?? .zero) - amount
            }
            account.pods[uid] = amounts
            account.used.add(amounts ?? [:])
            let isEmpty = account.pods.isEmpty && account.granted.isEmpty
            accounts[origin.hub] = isEmpty ? nil : account
        }
    }

    /// Lets a pod through and counts it, or says what would be too much.
    ///
    /// - Parameters:
    ///   - amounts: as ``amounts(of:)`` says of the pod that is wanted.
    ///   - limits: by resource; others are not limited.
    func grant(_ key: ItemKey, _ amounts: ResourceAmounts, hub: String, limits: ResourceAmounts) -> Excess? {
        accounts.withLock { accounts in
            var account = accounts[hub] ?? Account()
            account.granted[key] = nil
            for (resource, limit) in limits.sorted(by: { $0.key < $1.key }) {
                guard let asked = amounts[resource], !asked.isZero else { continue }
                let used = account.granted.values.reduce(account.used[resource] ?? .zero) {
                    $0 + ($1[resource] ?? .zero)
                }
                guard used + asked <= limit else {
                    return Excess(resource: resource, limit: limit, used: used, asked: asked)
                }
            }
            account.granted[key] = amounts
            accounts[hub] = account
            return nil
        }
    }

    /// The pod that was let through was not made.
    func release(_ key: ItemKey, hub: String) {
        accounts.withLock { $0[hub]?.granted[key] = nil }
    }

    /// What a hub's pods take now.
    func used(by hub: String) -> ResourceAmounts {
        accounts.withLock { accounts in
            guard let account = accounts[hub] else { return [:] }
            var sum = account.used
            for amounts in account.granted.values { sum.add(amounts) }
            return sum
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
