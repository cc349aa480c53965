import JSONTree
import Wire

/// Visits to pods, through whatever connection there is.
extension World {
    /// - Returns: the visit's number.
    @discardableResult
    func visit(_ visit: Visit) -> Int {
        let number = visits.begin(visit)
        note("visit \(number): \(visit.kind) at \(visit.edge)")
        let known = connections.last { $0.edge == visit.edge && $0.talk != nil && $0.hub.end == nil }
        if let known {
            known.hub.visit(number, visit)
        } else {
            visits.ended(number, atHub: true, .failed("edge \(visit.edge) is not connected"))
        }
        return number
    }

    /// One of each kind.
    func visitAll(_ edge: String, bytes: Int, _ pace: Visit.Pace = .eager) {
        let all = [
            Visit(edge: edge, kind: StreamKind.logs, toHub: bytes),
            Visit(edge: edge, kind: StreamKind.exec, toEdge: bytes, isEchoed: true),
            Visit(edge: edge, kind: StreamKind.attach, toHub: .max, leavesAfter: bytes),
            Visit(edge: edge, kind: StreamKind.forward, toEdge: bytes, toHub: bytes),
        ]
        for var visit in all {
            (visit.paceAtHub, visit.paceAtEdge) = (pace, pace)
            self.visit(visit)
        }
    }

    /// One as chance has it.
    func visitByChance(_ edge: String) {
        let kind = chance.pick([StreamKind.logs, StreamKind.exec, StreamKind.attach, StreamKind.forward]) ?? ""
        let paces: [Visit.Pace] = [.eager, .eager, .slow, .never]
        let bytes = 1 + chance.below(40_000)
        var visit = Visit(
            edge: edge, kind: kind, toEdge: kind == StreamKind.logs || kind == StreamKind.attach ? 0 : bytes,
            toHub: kind == StreamKind.attach ? .max : bytes, isEchoed: kind == StreamKind.exec)
        if visit.isEndless || chance.happens(0.2) { visit.leavesAfter = chance.below(bytes) }
        visit.isImpatient = chance.happens(0.1)
        visit.isRefused = chance.happens(0.1)
        visit.paceAtHub = chance.pick(paces) ?? .eager
        visit.paceAtEdge = chance.pick(paces) ?? .eager
        self.visit(visit)
    }

    /// What is left of visits; `nil` where none is under way and no end of a connection knows of a stream.
    func visitUnrest() -> String? {
        if let unrest = visits.unrest() { return unrest }
        for connection in connections {
            for (end, name) in [(connection.hub, "the hub"), (connection.agent, connection.edge)]
            where end.streamCounts != (0, 0) {
                return "\(name) keeps streams that are over: \(end.streamCounts)"
            }
        }
        return nil
    }
}
