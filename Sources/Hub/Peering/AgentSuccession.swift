/// Which agents have come with the identity of one edge that the hub dials. Pure.
///
/// An agent that is started anew is another process than before, and the former one never comes again. One that does, after
/// another one has come, proves that both live: a machine was cloned, and the edge's name leads to either.
///
/// | the agent that answers | verdict |
/// |---|---|
/// | is the last one, or does not say which it is | taken |
/// | was never there | taken: it was started anew, as far as anybody can know |
/// | was there before the last one | taken, and the last one is a clone from now on |
/// | is a clone | refused |
struct AgentSuccession: Sendable, Hashable {
    enum Verdict: Sendable, Hashable {
        case taken
        /// It is the former one; the one that came between is refused from now on.
        case returned
        case refused
    }

    /// No more than so many are remembered: whoever comes after more restarts counts as new.
    private static let limit = 16
    /// In the order in which they came; the current one is last.
    private var known: [String] = []
    private var clones: Set<String> = []

    /// - Parameter instance: of the process; empty where it does not say.
    mutating func answered(_ instance: String) -> Verdict {
        guard !instance.isEmpty, instance != known.last else { return .taken }
        if clones.contains(instance) { return .refused }
        guard let place = known.firstIndex(of: instance) else {
            known.append(instance)
            if known.count > Self.limit { known.removeFirst() }
            return .taken
        }
        if clones.count > Self.limit { clones = [] }
        clones.formUnion(known[(place + 1)...])
        known.removeSubrange((place + 1)...)
        return .returned
    }
}
