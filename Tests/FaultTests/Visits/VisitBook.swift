import Sessions
import Synchronization

/// All visits of a run, and how they ended at both ends.
final class VisitBook: Sendable {
    struct Entry: Sendable {
        let visit: Visit
        fileprivate(set) var atHub: VisitEnding?
        fileprivate(set) var atEdge: VisitEnding?
        /// Whether the edge has heard of it.
        fileprivate(set) var isKnownAtEdge = false

        /// Whether both ends that there were know that it is over.
        var isOver: Bool { atHub != nil && (atEdge != nil || !isKnownAtEdge) }

        /// Whether it has ended with its connection, and a sentence says so.
        var isCut: Bool {
            if case .failed(let why) = atHub { why.contains("connection") } else { false }
        }
    }

    private struct State {
        var entries: [Entry] = []
        var isHurried = false
    }

    private let state = Mutex(State())
    private let complaints: Complaints

    init(_ complaints: Complaints) { self.complaints = complaints }

    var all: [Entry] { state.withLock { $0.entries } }
    subscript(number: Int) -> Entry? {
        state.withLock { $0.entries.indices.contains(number) ? $0.entries[number] : nil }
    }

    /// Whether everybody reads what comes, and nobody stays for ever.
    var isHurried: Bool { state.withLock { $0.isHurried } }
    func hurry(_ isHurried: Bool = true) { state.withLock { $0.isHurried = isHurried } }

    /// - Returns: the visit's number.
    func begin(_ visit: Visit) -> Int {
        state.withLock { state in
            state.entries.append(Entry(visit: visit))
            return state.entries.count - 1
        }
    }

    func knownAtEdge(_ number: Int) { state.withLock { $0.entries[number].isKnownAtEdge = true } }

    func ended(_ number: Int, atHub: Bool, _ ending: VisitEnding) {
        state.withLock { state in
            if atHub {
                state.entries[number].atHub = state.entries[number].atHub ?? ending
            } else {
                state.entries[number].atEdge = state.entries[number].atEdge ?? ending
            }
        }
    }

    func complain(_ number: Int, _ what: String) { complaints.add("visit \(number): \(what)") }

    /// What is not as it should be; `nil` where all visits are over, and whoever saw a good end has had all of it.
    func unrest() -> String? {
        for (number, entry) in all.enumerated() {
            let name = "visit \(number) (\(entry.visit.kind)) of \(entry.visit.edge)"
            guard let atHub = entry.atHub else { return "\(name) is still open at the hub" }
            guard let atEdge = entry.atEdge else {
                if entry.isKnownAtEdge { return "\(name) is still open at the edge" }
                continue
            }
            if case .well(let read, _) = atHub, read != (entry.visit.isEchoed ? entry.visit.toEdge : entry.visit.toHub)
            {
                return "\(name) has ended well at the hub after \(read) bytes"
            }
            if case .well(let read, _) = atEdge, read != entry.visit.toEdge {
                return "\(name) has ended well at the edge after \(read) bytes"
            }
        }
        return nil
    }
}
