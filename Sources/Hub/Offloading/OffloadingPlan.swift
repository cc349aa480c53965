import JSONTree
import KubernetesModel
import OffloadingModel

/// Where one offloaded namespace belongs and how far it is: a pure function of its offloading and the edges.
struct OffloadingPlan: Sendable, Hashable {
    /// The namespace's name on the edges.
    let remoteNamespace: String
    /// The names of the edges that shall hold it.
    let selected: Set<String>
    let phase: OffloadingPhase
    /// `status.remoteNamespacesConditions` without transition times: per edge the condition types with what holds.
    let conditions: [String: [Condition]]
    /// What is wrong with the offloading itself; `nil` where nothing is.
    let problem: Problem?

    struct Problem: Sendable, Hashable {
        /// Of the event that tells it.
        let reason: String
        let message: String
    }

    struct Condition: Sendable, Hashable {
        let type: String
        let isTrue: Bool
        let reason: String
        let message: String
    }

    /// - Parameter isRemote: whether the namespace is itself one that another cluster has offloaded to this one. Its pods do not
    ///   go on from here: two clusters that peer both ways would send them to and fro.
    init(
        _ offloading: NamespaceOffloading, edges: [EdgeView], originName: String, originHash: String,
        isRemote: Bool = false
    ) {
        let name = offloading.remoteNamespace(originName: originName, originHash: originHash)
        remoteNamespace = name
        let selector: NodeSelector?
        do throws(JSONError) {
            selector = try offloading.clusterSelector()
        } catch {
            selected = []
            phase = .allFailed
            conditions = [:]
            problem = Problem(reason: "InvalidClusterSelector", message: error.message)
            return
        }
        guard !isRemote || offloading.object.isBeingDeleted else {
            selected = []
            phase = .allFailed
            conditions = [:]
            problem = Problem(
                reason: "RemoteNamespace",
                message:
                    "the namespace holds pods that another cluster has offloaded to this one: they do not go on from here; "
                    + "offload the namespace that they come from to more clusters instead")
            return
        }
        problem = nil
        let isOffloaded = offloading.podOffloading != .local && !offloading.object.isBeingDeleted
        var selected = Set<String>()
        var conditions: [String: [Condition]] = [:]
        var states: [RemoteNamespaceState.Phase] = []
        for edge in edges where edge.isActive {
            let nodeName = Names.virtualNode(edge.name)
            let isSelected = isOffloaded && selector?.matches(labels: edge.labels, name: nodeName) ?? isOffloaded
            guard isSelected else {
                conditions[edge.statusKey] = [Self.notSelected]
                continue
            }
            selected.insert(edge.name)
            let state = edge.namespaces[name] ?? RemoteNamespaceState(phase: .creating, message: "")
            states.append(state.phase)
            conditions[edge.statusKey] = [Self.isSelected, Self.ready(state, isConnected: edge.isConnected)]
        }
        self.selected = selected
        self.conditions = conditions
        phase = offloading.object.isBeingDeleted ? .terminating : Self.phase(states)
    }

    private static func phase(_ states: [RemoteNamespaceState.Phase]) -> OffloadingPhase {
        if states.isEmpty { return .noClusterSelected }
        let failed = states.filter { $0 == .conflict || $0 == .failed }.count
        if failed == states.count { return .allFailed }
        if failed > 0 { return .someFailed }
        return states.allSatisfy { $0 == .ready } ? .ready : .inProgress
    }

    private static let isSelected = Condition(
        type: "OffloadingRequired", isTrue: true, reason: "ClusterSelected",
        message: "The remote cluster has been selected through the ClusterSelector field")
    private static let notSelected = Condition(
        type: "OffloadingRequired", isTrue: false, reason: "ClusterNotSelected",
        message: "The remote cluster has not been selected through the ClusterSelector field")

    private static func ready(_ state: RemoteNamespaceState, isConnected: Bool) -> Condition {
        switch state.phase {
        case .ready:
            Condition(
                type: "Ready", isTrue: true, reason: "NamespaceCreated",
                message: "Namespace correctly offloaded to the remote cluster")
        case .creating:
            Condition(
                type: "Ready", isTrue: false, reason: "Creating",
                message: isConnected ? "The namespace is being created" : "The edge cannot be reached now")
        case .conflict, .failed:
            Condition(type: "Ready", isTrue: false, reason: "CreationLoopBackOff", message: state.message)
        case .terminating:
            Condition(type: "Ready", isTrue: false, reason: "Terminating", message: state.message)
        }
    }

    /// The status to store, given the one before, whose transition times stay where nothing changed.
    func status(before: JSON, generation: Int, now: Int) -> JSON {
        var status = before
        status["offloadingPhase"] = .string(phase.rawValue)
        status["remoteNamespaceName"] = .string(remoteNamespace)
        status["observedGeneration"] = JSON(generation)
        let old = before["remoteNamespacesConditions"]
        var all = JSONObject()
        for key in conditions.keys.sorted() {
            var list: JSON? = .array(
                (old?[key]?.array ?? []).filter { entry in
                    conditions[key]?.contains { $0.type == entry["type"]?.string } ?? false
                })
            for condition in conditions[key] ?? [] {
                Conditions.set(
                    condition.type, status: condition.isTrue ? "True" : "False", reason: condition.reason,
                    message: condition.message, now: now, in: &list)
            }
            all[key] = list
        }
        status["remoteNamespacesConditions"] = .object(all)
        return status
    }
}
