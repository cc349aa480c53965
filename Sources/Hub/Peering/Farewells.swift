import Enrolment
import Logging
import NIOCore
import PeerTransport
import Sessions
import Synchronization
import TLSTransport
import Wire

/// Tells edges that their peering is over, for as long as it takes; nobody waits for it.
///
/// A farewell is over when the edge refuses the hub as not peered, which it does once it has taken the goodbye over, or when
/// the certificate ends or the edge has revoked it, after which the edge would not listen any more (it ends by itself what ran
/// for a hub that it keeps out). A goodbye that was merely sent may be lost, so it is
/// said until the refusal comes. Enrolling anew at the same edge supersedes the farewell.
final class Farewells: Sendable {
    private struct State {
        var tasks: [String: (id: Int, task: Task<Void, Never>)] = [:]
        var nextID = 0
        var isStopped = false
    }

    private struct Expired: Error {}

    private let context: HubContext
    private let store: any PeerCredentialStore
    private let dialler: DiallerMaker
    private let state = Mutex(State())

    init(
        context: HubContext, store: any PeerCredentialStore, dialler: @escaping DiallerMaker
    ) {
        self.context = context
        self.store = store
        self.dialler = dialler
    }

    /// Takes up the farewells that an earlier run of the hub has left.
    func resume() async throws {
        for farewell in try await store.farewells() {
            if let held = try await store.load(farewell.clusterID) {
                // Peered anew; or the peering's end was cut short and is about to be done again.
                if held.epoch > farewell.credentials.epoch { try await store.removeFarewell(farewell.clusterID) }
                continue
            }
            start(farewell)
        }
    }

    /// Keeps the farewell, so that it is said whatever happens; it is not said yet.
    func prepare(_ farewell: Farewell) async throws { try await store.save(farewell) }

    /// Says the farewell that is kept for an edge, where there is one and it is not being said.
    func say(to clusterID: String) async throws {
        guard let farewell = try await store.farewells().first(where: { $0.clusterID == clusterID }) else { return }
        start(farewell)
    }

    /// There is a new peering with the edge: what is left of the old one ends with the new epoch.
    func supersede(_ clusterID: String) async {
        state.withLock { $0.tasks.removeValue(forKey: clusterID) }?.task.cancel()
        await forget(clusterID)
    }

    /// Stops saying farewells, and keeps them for the next run.
    func stop() async {
        let tasks = state.withLock { state in
            state.isStopped = true
            defer { state.tasks = [:] }
            return state.tasks.values.map(\.task)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Those that are being said.
    var pending: Set<String> { state.withLock { Set($0.tasks.keys) } }

    // MARK: - Saying

    private func start(_ farewell: Farewell) {
        state.withLock { state in
            guard !state.isStopped, state.tasks[farewell.clusterID] == nil else { return }
            state.nextID += 1
            let id = state.nextID
            state.tasks[farewell.clusterID] = (id, Task { await self.run(farewell, id: id) })
        }
    }

    private func run(_ farewell: Farewell, id: Int) async {
        let credentials = farewell.credentials
        let hello = context.configuration.localPeer.hello(epoch: credentials.epoch)
        let dialler = dialler(
            farewell.address, ProxyChoice(farewell.proxy) ?? .automatic, .farewell(clusterID: farewell.clusterID))
        await dialler.run(
            backoff: Backoff(maximum: context.configuration.farewellInterval),
            tls: {
                guard Int64(self.context.now()) < credentials.identity.leaf.notAfter else { throw Expired() }
                return try PeerTLS.dialler(
                    identity: credentials.identity, authorities: credentials.authorities,
                    peerClusterID: farewell.clusterID)
            },
            hello: { hello }, failed: { self.decide($0, farewell) },
            serve: { await $0.close(.unpeered, epoch: $0.agreement.epoch) })
        guard !Task.isCancelled else { return }
        let isOwn = state.withLock { state in
            guard state.tasks[farewell.clusterID]?.id == id else { return false }
            state.tasks[farewell.clusterID] = nil
            return true
        }
        if isOwn { await forget(farewell.clusterID) }
    }

    private func decide(_ error: any Error, _ farewell: Farewell) -> RetryDecision {
        func log(_ level: Logger.Level, _ message: Logger.Message) {
            context.logger.log(
                level: level, message,
                metadata: [
                    "edge": "\(farewell.credentials.clusterName)", "address": "\(farewell.address)",
                    "error": "\(error)",
                ])
        }
        switch error {
        case let error as PeerDialError where Self.isKnown(error):
            log(.info, "an edge knows that its peering is over")
            return .stop
        case let error as PeerDialError where error.isRevocation:
            log(.warning, "an edge has revoked this cluster's certificate: it ends by itself what it still runs")
            return .stop
        case is Expired:
            log(.warning, "an edge never heard that its peering is over, and would not listen any more")
            return .stop
        default:
            log(.debug, "an edge has not heard yet that its peering is over")
            return .retry
        }
    }

    /// Whether the edge's refusal says that the peering is over, or has given way to a later one.
    private static func isKnown(_ error: PeerDialError) -> Bool {
        error.end.code == .refused && error.end.error.map { [.notPeered, .staleEpoch].contains($0.code) } ?? false
    }

    private func forget(_ clusterID: String) async {
        do {
            try await store.removeFarewell(clusterID)
        } catch {
            // The next run of the hub says it once more, which does no harm.
            context.logger.error(
                "cannot remove a farewell", metadata: ["edge.id": "\(clusterID)", "error": "\(error)"])
        }
    }
}
