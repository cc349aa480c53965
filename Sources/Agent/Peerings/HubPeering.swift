import Enrolment
import PeerTransport
import Sessions
import Synchronization
import Wire

/// What the agent knows at run time of one hub: what it wants, what was told to it, and its connection.
///
/// Small and local: a lock around values; what is told goes out under it, so that it goes in order.
final class HubPeering: Sendable {
    let clusterID: String
    let clusterName: String
    /// Whether this edge dials the hub, not the hub this edge.
    let isDialled: Bool

    private struct State {
        var desired = ReplicaSet<DesiredItem>()
        var observed = ObservedSet()
        var link: (any HubLink)?
        /// Whether the link's other end has been given the whole observed set.
        var isPublished = false
        var advertised: AdvertiseMessage?
        var probedAt: ContinuousClock.Instant?
        /// The last second of the certificate that the hub showed, in seconds since 1970.
        var certificateNotAfter: Int
        var ownCertificateNotAfter: Int?
        var revocation: Since
        var duplicate = Since()
        var isEnding: Bool
        var hearing: HubHearing
        /// Namespaces of this edge whose pods are stopped.
        var closed: Set<String> = []
    }

    /// Something that holds or does not, and since when it is noted to.
    private struct Since {
        var holds = false
        var mark: HeardMark?

        /// - Returns: when it was first noted: now, where it was not before; `nil` where it does not hold.
        mutating func since(noting now: HeardMark) -> HeardMark? {
            guard holds else { return nil }
            let since = mark ?? now
            mark = since
            return since
        }
    }

    private let state: Mutex<State>

    init(_ record: PeeringRecord) {
        clusterID = record.clusterID
        clusterName = record.clusterName
        isDialled = record.address != nil
        state = Mutex(
            State(
                certificateNotAfter: record.issued.map(\.notAfter).max() ?? 0,
                revocation: Since(
                    holds: record.isRevoked || record.address != nil && record.revokedSince != nil,
                    mark: record.mayBeRevoked ? record.revokedSince : nil), isEnding: record.isEnding,
                hearing: HubHearing(mark: record.heard)))
    }

    // MARK: What the hub wants

    func desired(_ key: ItemKey) -> DesiredItem? { state.withLock { $0.desired.items[key] } }

    /// The namespaces that the hub wants to have under a name on this edge.
    func desiredNamespaces(named name: String) -> [DesiredItem] {
        state.withLock { state in
            state.desired.items.items.values
                .filter { $0.content.namespace?.remoteName == name }.sorted { $0.key < $1.key }
        }
    }

    /// The pods that the hub wants to have in a namespace of this edge.
    func desiredPods(in namespace: String) -> [ItemKey] {
        state.withLock { state in
            state.desired.items.items.values.filter { $0.content.pod?.remoteNamespace == namespace }.map(\.key)
        }
    }

    /// What else the hub wants to have in a namespace of this edge: neither pods nor the namespace itself.
    func desiredObjects(in namespace: String) -> [ItemKey] {
        state.withLock { state in
            state.desired.items.items.values.filter { $0.content.object?.remoteNamespace == namespace }.map(\.key)
        }
    }

    var desiredItems: [DesiredItem] { state.withLock { Array($0.desired.items.items.values) } }

    /// Whether all that the hub wants is known, in the peering's current epoch: before, nothing may be removed.
    var isComplete: Bool { state.withLock { $0.desired.isComplete && !$0.isEnding } }

    /// Takes changes over.
    func apply(_ changes: DesiredMessage) -> Concern {
        state.withLock { state in
            let wasComplete = state.desired.isComplete
            guard state.desired.apply(changes) else { return .tooMuch }
            if changes.isComplete {
                state.hearing.informed()
                state.duplicate = Since()
            }
            if state.desired.isComplete, !wasComplete { return .everything }
            return .keys(Set(changes.upserts.map(\.key)).union(changes.removals))
        }
    }

    /// What changes of the wants are about.
    enum Concern: Sendable, Hashable {
        case keys(Set<ItemKey>)
        /// All that there are: the set has just become complete.
        case everything
        /// There is no room for them, and nothing was taken over.
        case tooMuch
    }

    /// Whether the peering is over and everything of it goes.
    var isEnding: Bool {
        get { state.withLock { $0.isEnding } }
        set { state.withLock { $0.isEnding = newValue } }
    }

    /// Whether the side that is dialled has revoked the other's certificates, and nobody has enrolled anew: the peering waits
    /// for that, and its pods for as long as ``Fence`` says.
    var isRevoked: Bool {
        get { state.withLock { $0.revocation.holds } }
        set {
            state.withLock { state in
                state.revocation.holds = newValue
                if !newValue { state.revocation.mark = nil }
            }
        }
    }

    /// When the revocation was first noted: now, where it was not before; `nil` where there is none.
    func revokedSince(noting now: HeardMark) -> HeardMark? {
        state.withLock { $0.revocation.since(noting: now) }
    }

    /// The record has changed. Told in the order of the changes, so that what is known here is what is stored, whoever of those
    /// that change it goes on first.
    func follow(_ record: PeeringRecord) {
        isEnding = record.isEnding
        // A hub that is dialled is who revokes, and says so.
        if !isDialled { isRevoked = record.isRevoked }
    }

    /// The hub refuses this agent, as another one with its identity lives; until it says again all that it wants of this one.
    func refusedAsDuplicate() { state.withLock { $0.duplicate.holds = true } }

    /// Whether the hub refuses this agent for that.
    var isDuplicate: Bool { state.withLock { $0.duplicate.holds } }

    /// When that was first noted: now, where it was not before; `nil` where the hub does not.
    func duplicateSince(noting now: HeardMark) -> HeardMark? {
        state.withLock { $0.duplicate.since(noting: now) }
    }

    // MARK: What the hub is told

    func observed(_ key: ItemKey) -> ObservedContent? { state.withLock { $0.observed[key]?.content } }

    /// The namespaces that the hub is told of under a name on this edge.
    func observedNamespaces(named name: String) -> [ItemKey] {
        state.withLock { state in
            state.observed.items.values.filter { $0.content.namespace?.remoteName == name }.map(\.key)
        }
    }

    var observedKeys: [ItemKey] { state.withLock { Array($0.observed.items.keys) } }

    func report(_ key: ItemKey, _ content: ObservedContent) {
        // Mostly the same again, which needs no hash.
        guard observed(key) != content else { return }
        let item = ObservedItem(key: key, content: content)
        state.withLock { state in
            guard state.observed.upsert(item), state.isPublished else { return }
            state.link?.update(observed: [item], removals: [])
        }
    }

    func retract(_ key: ItemKey) {
        state.withLock { state in
            guard state.observed.remove(key), state.isPublished else { return }
            state.link?.update(observed: [], removals: [key])
        }
    }

    /// Tells the hub all that is observed, and from now on every change. To be called once that is all there is.
    func publish(to link: any HubLink) {
        state.withLock { state in
            guard state.link === link else { return }
            link.publish(state.observed)
            state.isPublished = true
        }
    }

    /// Tells the hub what the cluster has, unless it was told the same.
    func advertise(_ message: AdvertiseMessage) {
        state.withLock { state in
            guard let link = state.link, state.advertised != message else { return }
            state.advertised = message
            link.advertise(message)
        }
    }

    // MARK: The connection

    var isConnected: Bool { state.withLock { $0.link != nil } }

    /// A connection was established.
    ///
    /// - Parameter isNewEpoch: what was wanted in older epochs counts no more, and nothing is removed until all is told anew.
    /// - Returns: the connection whose place it takes, to be closed, and what this side's copy holds.
    func attach(
        _ link: any HubLink, epoch: Int, isNewEpoch: Bool, certificateNotAfter: Int
    ) -> (previous: (any HubLink)?, digest: [ItemKey: String]) {
        state.withLock { state in
            let previous = state.link
            state.link = link
            state.isPublished = false
            state.advertised = nil
            state.certificateNotAfter = certificateNotAfter
            state.hearing.connected()
            if isNewEpoch { state.desired = ReplicaSet(epoch: epoch) } else { state.desired.begin(epoch: epoch) }
            return (previous, state.desired.digest)
        }
    }

    /// - Returns: false where another connection has taken this one's place.
    @discardableResult
    func detach(_ link: any HubLink) -> Bool {
        state.withLock { state in
            guard state.link === link else { return false }
            state.link = nil
            state.hearing.lost()
            state.isPublished = false
            state.probedAt = nil
            return true
        }
    }

    /// Takes the connection away.
    func detachAny() -> (any HubLink)? {
        state.withLock { state in
            defer { state.link = nil }
            state.hearing.lost()
            state.isPublished = false
            state.probedAt = nil
            return state.link
        }
    }

    // MARK: Silence

    /// The connection's other end has been silent for so long, or is heard again (`nil`).
    func isSilent(for silence: Duration?, on link: any HubLink) {
        state.withLock { state in
            guard state.link === link else { return }
            if let silence { state.hearing.suspected(after: silence) } else { state.hearing.recovered() }
        }
    }

    /// For how long the hub has not been heard; zero while it is.
    func silence(at now: HeardMark) -> Duration { state.withLock { $0.hearing.silence(at: now) } }

    /// Whether the pods in a namespace of this edge are stopped because the hub is not heard.
    func isClosed(_ namespace: String) -> Bool { state.withLock { $0.closed.contains(namespace) } }

    /// Stops the pods in these namespaces, and in no other.
    ///
    /// - Returns: those that were closed before.
    func close(_ namespaces: Set<String>) -> Set<String> {
        state.withLock { state in
            defer { state.closed = namespaces }
            return state.closed
        }
    }

    var certificateNotAfter: Int {
        get { state.withLock { $0.certificateNotAfter } }
        set { state.withLock { $0.certificateNotAfter = newValue } }
    }

    /// The last second of the certificate that the hub has issued to this edge, in seconds since 1970; `nil` where the hub
    /// dials, or has not issued one yet.
    var ownCertificateNotAfter: Int? {
        get { state.withLock { $0.ownCertificateNotAfter } }
        set { state.withLock { $0.ownCertificateNotAfter = newValue } }
    }

    /// A probe of the pod network was answered.
    ///
    /// - Returns: whether it is the first one of the connection.
    func probed() -> Bool {
        state.withLock { state in
            defer { state.probedAt = .now }
            return state.probedAt == nil
        }
    }

    /// When the last probe was answered; `nil` where none was on this connection.
    var probedAt: ContinuousClock.Instant? { state.withLock { $0.probedAt } }
}
