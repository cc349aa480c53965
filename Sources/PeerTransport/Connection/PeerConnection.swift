public import JSONTree
import NIOCore
public import Sessions
public import TLSTransport
public import Wire

/// An established connection with a known peer.
///
/// First say what your copy holds (``hold(_:)``) and publish the set you own, in any order; then follow ``events``. All
/// calls take effect in their order, and do nothing once the connection is lost.
public final class PeerConnection: Sendable {
    private let core: PeerConnectionCore

    /// What both sides agreed on: the peer's hello, version and epoch.
    public let agreement: PeerEstablished

    /// The peer's certificate.
    public let identity: PeerIdentity

    /// What happens, for one reader; see ``PeerEvents``.
    public let events: PeerEvents

    init(core: PeerConnectionCore, agreement: PeerEstablished, identity: PeerIdentity, events: PeerEvents) {
        self.core = core
        self.agreement = agreement
        self.identity = identity
        self.events = events
    }

    /// The peer's hello.
    public var peer: HelloMessage { agreement.peer }

    /// The socket's other end, such as `192.0.2.1:40112`; empty where it is not known.
    public var remoteAddress: String {
        core.channel.remoteAddress.map { "\($0.ipAddress ?? ""):\($0.port ?? 0)" } ?? ""
    }

    // MARK: Sets

    /// Says what this side's copy holds: the desired set's at the agent, the observed set's at the hub. Once.
    public func hold(_ digest: [ItemKey: String]) { core.run { $0.change { $0.hold(digest) } } }

    /// Publishes the whole desired set (hub): at once, as soon as it is known for certain; later to replace it.
    public func publish(_ set: DesiredSet) {
        core.run {
            $0.change {
                $0.publish(set)
                return []
            }
        }
    }

    /// Publishes the whole observed set (agent).
    public func publish(_ set: ObservedSet) {
        core.run {
            $0.change {
                $0.publish(set)
                return []
            }
        }
    }

    /// Changes the published desired set (hub).
    public func update(desired upserts: [DesiredItem] = [], removals: [ItemKey] = []) {
        core.run {
            $0.change {
                $0.update(desired: upserts, removals: removals)
                return []
            }
        }
    }

    /// Changes the published observed set (agent).
    public func update(observed upserts: [ObservedItem] = [], removals: [ItemKey] = []) {
        core.run {
            $0.change {
                $0.update(observed: upserts, removals: removals)
                return []
            }
        }
    }

    /// Whether the peer has taken over all of the published set; false once the connection is lost.
    public func isSettled() async -> Bool { (try? await core.ask { $0.isSettled }) ?? false }

    // MARK: Messages

    /// What the agent's cluster has and how it is (agent). The last one counts.
    public func advertise(_ message: AdvertiseMessage) { send(.advertise(message)) }

    /// Asks for a new certificate (the side that dialled); `renewed` comes as an event.
    public func renew(_ message: RenewMessage) { send(.renew(message)) }

    /// Answers `renew` (the side that listens).
    public func renewed(_ message: RenewedMessage) { send(.renewed(message)) }

    private func send(_ message: Message) {
        core.run { $0.change { $0.end == nil && $0.agreement != nil ? [.send(message)] : [] } }
    }

    /// Says goodbye and closes. Returns when the connection is closed, after a second or so at most; ``events`` end.
    ///
    /// - Parameter epoch: told to the peer; `nil` for the one agreed on. An unpeer names the new one.
    public func close(_ reason: GoodbyeMessage.Reason = .shutdown, message: String = "", epoch: Int? = nil) async {
        core.run { $0.change { $0.goodbye(reason, message: message, epoch: epoch) } }
        try? await core.channel.closeFuture.get()
    }

    /// Says goodbye and closes, without waiting.
    func drop() { core.run { $0.change { $0.goodbye(.shutdown) } } }

    /// Tells the peer why it is not wanted any more, and closes.
    public func refuse(_ error: ErrorMessage) async {
        core.run { $0.change { $0.refuse(error) } }
        try? await core.channel.closeFuture.get()
    }

    /// The smoothed time of a round trip through the peer's program; `nil` before the first, and after the end.
    public func roundTripTime() async -> Duration? { (try? await core.ask { $0.roundTripTime }) ?? nil }

    /// Whether the peer's program answers now: asked, not taken from what came before. False once the connection is lost.
    ///
    /// - Parameter limit: how long it may take.
    public func answers(within limit: Duration) async -> Bool {
        guard let id = (try? await core.ask { $0.challenge() }) ?? nil else { return false }
        let deadline = ContinuousClock.now + limit
        while !Task.isCancelled {
            switch (try? await core.ask { $0.hasAnswered(id) }) ?? nil {
            case nil: return false
            case true?: return true
            case false?: break
            }
            guard ContinuousClock.now < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    // MARK: Streams

    /// Opens a stream to the peer.
    ///
    /// - Parameters:
    ///   - parameters: an object; what is in it depends on the kind.
    ///   - spare: streams that must stay free for others, so that users' streams leave room for the peering's own.
    /// - Throws: `StreamError` with the peer's reason for a refusal, or where the connection is lost.
    public func openStream(
        kind: String, parameters: JSON = .object(JSONObject()), leaving spare: Int = 0
    ) async throws -> PeerStream {
        let pipe = StreamPipe()
        let promise = core.channel.eventLoop.makePromise(of: UInt32.self)
        core.run { $0.open(kind: kind, parameters: parameters, leaving: spare, pipe, promise) }
        let id = try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            core.run { $0.abandon(pipe) }
        }
        let stream = PeerStream(id: id, kind: kind, pipe: pipe, connection: core)
        try Task.checkCancellation()
        return stream
    }
}

extension PeerConnectionCore {
    /// The owner has dealt with an event.
    func taken(_ acknowledgement: PeerEvents.Acknowledgement, _ untaken: UntakenCount) {
        untaken.remove()
        guard case .changes(let set, let sequence) = acknowledgement else { return }
        run { $0.change { $0.consumed(set, sequence: sequence) } }
    }
}
