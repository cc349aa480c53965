import ClusterAPI
import Enrolment
import KubernetesModel
import Logging
import OffloadingModel
import PeerTransport
import Synchronization

/// The hubs that this edge has joined: one task each, which dials, enrols where need be, and talks.
final class Joins: Sendable {
    private struct Running {
        let route: PeerRoute
        /// Of the token that was there when the hub was dialled first.
        let tokenID: String
        let task: Task<Void, Never>
    }

    private struct State {
        var tasks: [String: Running] = [:]
        var problems: [String: PeeringCondition] = [:]
        var conversation: HubConversation?
        var statuses: WorkQueue<String>?
        var isStopped = false
    }

    private let context: AgentContext
    private let credentials: any PeerCredentialStore
    private let dialler: DiallerMaker
    private let state = Mutex(State())

    /// How a hub is reached.
    typealias DiallerMaker = @Sendable (PeerRoute) -> any PeerDialling

    init(context: AgentContext, credentials: any PeerCredentialStore, dialler: @escaping DiallerMaker) {
        self.context = context
        self.credentials = credentials
        self.dialler = dialler
    }

    /// Says how hubs are talked with, and who is told of what changes; before that nothing is dialled.
    func begin(_ conversation: HubConversation, statuses: WorkQueue<String>) {
        state.withLock { state in
            state.conversation = conversation
            state.statuses = statuses
        }
    }

    /// Makes sure that the hub is dialled, at the address that its ForeignCluster names now.
    func start(_ foreign: ForeignCluster) async {
        let id = foreign.clusterID
        let route: PeerRoute
        do {
            route = try PeerRoute(foreign, .incoming)
        } catch {
            tell(id, error.condition)
            return
        }
        let tokenID = foreign.tokenID(.incoming)
        let isSame = state.withLock { state in
            state.tasks[id].map {
                $0.route == route && (tokenID.isEmpty || $0.tokenID == tokenID)
            } ?? false
        }
        if isSame { return }
        // Whoever was denied is so until the new token says otherwise.
        let problem = problem(id)
        await stop(id)
        state.withLock { $0.problems[id] = problem }
        let dialler = dialler(route)
        let keeper = CredentialKeeper(
            local: context.configuration.localPeer, name: foreign.name, peerID: id, cluster: context.cluster,
            store: credentials, dialler: dialler, logger: context.logger, now: context.now)
        state.withLock { state in
            guard !state.isStopped, let conversation = state.conversation else { return }
            let join = Join(
                name: foreign.name, hubID: id, address: route.address, context: context, keeper: keeper,
                dialler: dialler,
                credentials: credentials, conversation: conversation, joins: self)
            state.tasks[id] = Running(route: route, tokenID: tokenID, task: Task { await join.run() })
        }
    }

    /// Dials the hub no more; a connection to it ends.
    func stop(_ clusterID: String) async {
        let running = state.withLock { state in
            state.problems[clusterID] = nil
            return state.tasks.removeValue(forKey: clusterID)
        }
        running?.task.cancel()
        await running?.task.value
    }

    /// Ends all of it for good.
    func stopAll() async {
        let running = state.withLock { state in
            state.isStopped = true
            defer { state.tasks = [:] }
            return state.tasks.values.map(\.task)
        }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }

    /// Throws away what proves this edge to a hub whose peering is over.
    func forget(_ clusterID: String) async throws {
        await stop(clusterID)
        try await credentials.remove(clusterID)
    }

    // MARK: - What is known

    /// The id of the token that was there when the hub was dialled first, empty where there was none; `nil` where nobody dials it.
    func tokenID(_ clusterID: String) -> String? { state.withLock { $0.tasks[clusterID]?.tokenID } }

    /// Why a hub that is to be dialled is not connected; `nil` while it is, or where nobody dials it.
    func problem(_ clusterID: String) -> PeeringCondition? { state.withLock { $0.problems[clusterID] } }

    /// Takes over how the last attempt went.
    ///
    /// - Returns: whether that is new.
    @discardableResult
    func tell(_ clusterID: String, _ problem: PeeringCondition?) -> Bool {
        let statuses = state.withLock { state -> WorkQueue<String>? in
            // Who only took another time to fail says nothing new.
            guard state.problems[clusterID]?.reason != problem?.reason else { return nil }
            state.problems[clusterID] = problem
            return state.statuses
        }
        statuses?.add(clusterID)
        return statuses != nil
    }
}

extension AgentContext {
    /// The ForeignCluster by which a hub is to be dialled; `nil` where it is not to be.
    func joining(_ clusterID: String) -> ForeignCluster? {
        if hubs[clusterID]?.isEnding == true { return nil }
        return foreignClusters.objects.lazy.filter { !$0.isBeingDeleted }.map(ForeignCluster.init)
            .first { $0.clusterID == clusterID && !$0.hubURL.isEmpty && $0.incomingEnabled == .yes }
    }
}
