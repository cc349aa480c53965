import OffloadingModel

/// What becomes of a pod whose edge cannot be reached: a pure function of its namespace's policy and of the silence.
enum EdgeLoss {
    enum Verdict: Sendable, Hashable {
        /// Its edge may be back by then.
        case wait(Duration)
        /// Its namespace waits for the edge, however long.
        case keep
        /// Most edges fell silent together: the hub may be the one that is cut off.
        case held
        case replace
    }

    /// - Parameters:
    ///   - away: for how long the edge has been Disconnected, on the hub's own clock.
    ///   - isStorm: whether the storm guard is up; see `StormGuard`.
    static func verdict(_ policy: DisconnectPolicy, away: Duration, isStorm: Bool) -> Verdict {
        switch policy {
        case .keep: .keep
        case .reschedule(let grace) where grace > away: .wait(grace - away)
        case .reschedule: isStorm ? .held : .replace
        }
    }
}

/// Whether so many edges fell silent together that the hub, not they, may be cut off (FAULTS F17).
///
/// Up while more than half of the edges, of three at least, are silent that fell silent within one window; down again once
/// enough of them answer, or the operator has said of enough of them, by withdrawing the peering, that they are gone. Below
/// three edges each namespace's policy decides alone.
struct StormGuard: Sendable, Hashable {
    static let fewestEdges = 3

    /// How far apart silences may begin and count as one: the time in which a silence is noticed, with some room.
    var window: Duration = .seconds(10)

    /// - Parameters:
    ///   - edges: how many edges hold pods or may.
    ///   - silences: when those of them fell silent that are silent now.
    func isUp(edges: Int, silences: [ContinuousClock.Instant]) -> Bool {
        guard edges >= Self.fewestEdges, silences.count * 2 > edges else { return false }
        let sorted = silences.sorted()
        var first = 0
        var most = 0
        for (last, silence) in sorted.enumerated() {
            while silence - sorted[first] > window { first += 1 }
            most = max(most, last - first + 1)
        }
        return most * 2 > edges
    }
}
