import Sessions

/// Who makes connections in a run: the hub, and the agents of edges that join.
protocol DiallingProcess: AnyObject {
    var life: Life { get }
    var dials: Dials { get set }
    /// Takes over what its reconcilers and links have asked for.
    func drain() async
    /// A connection has ended at its end.
    func lost(_ connection: Connection, _ end: PeerSessionEnd) async
}

extension HubProcess: DiallingProcess {}
extension AgentProcess: DiallingProcess {}
