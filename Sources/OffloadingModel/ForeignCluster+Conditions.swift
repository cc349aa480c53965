import JSONTree
import KubernetesModel

// Hub and agent of one cluster may both write to a ForeignCluster. Each owns the condition of its own direction, and what it
// knows of network, API and certificates in `status.outgoing` or `status.incoming`. What both speak of in
// `status.peeringConditions` is made of the two, by whoever writes; versions of the object keep them from losing each
// other's words.
extension ForeignCluster {
    /// The conditions that both directions have.
    private static let shared: [PeeringConditionType] = [.network, .apiServer, .authentication]

    /// The condition of a type; `None` where nothing is known.
    public func condition(_ type: PeeringConditionType) -> PeeringCondition {
        Self.condition(type, in: object.status["peeringConditions"]) ?? PeeringCondition(.none, "")
    }

    /// The condition of a type as far as it concerns one direction.
    public func condition(_ type: PeeringConditionType, of direction: PeeringDirection) -> PeeringCondition {
        guard Self.shared.contains(type) else { return condition(type) }
        if has(direction) {
            return Self.condition(type, in: object.status[direction.rawValue]?["conditions"])
                ?? PeeringCondition(.none, "")
        }
        // What is said without a direction may be the other one's.
        return has(direction.opposite) ? PeeringCondition(.none, "") : condition(type)
    }

    /// Whether the daemon of a direction has said anything: it has a part in the peering then.
    public func has(_ direction: PeeringDirection) -> Bool { object.status[direction.rawValue] != nil }

    /// Whether a condition's status is Established.
    public func isEstablished(_ type: PeeringConditionType) -> Bool { condition(type).status == .established }

    /// Sets a condition, whoever else has a say in it; its transition time moves only when its status changes.
    ///
    /// - Parameter now: seconds since 1970.
    public mutating func set(_ type: PeeringConditionType, _ condition: PeeringCondition, now: Int) {
        var status = object.status
        Self.set(type, condition, now: now, in: &status["peeringConditions"])
        object.status = status
    }

    /// Sets what one direction knows of an aspect that both have, and what both make of it.
    ///
    /// - Parameter now: seconds since 1970.
    public mutating func set(
        _ type: PeeringConditionType, _ condition: PeeringCondition, of direction: PeeringDirection, now: Int
    ) {
        guard Self.shared.contains(type) else { return set(type, condition, now: now) }
        var status = object.status
        if status[direction.rawValue] == nil { status[direction.rawValue] = [:] }
        Self.set(type, condition, now: now, in: &status[direction.rawValue, "conditions"])
        object.status = status
        set(type, combined(type), now: now)
    }

    /// Takes back all that one direction has said, but for how its own condition ends.
    ///
    /// - Parameter now: seconds since 1970.
    public mutating func clear(_ direction: PeeringDirection, _ last: PeeringCondition, now: Int) {
        var status = object.status
        status[direction.rawValue] = nil
        object.status = status
        set(direction.condition, last, now: now)
        for type in Self.shared { set(type, combined(type), now: now) }
    }

    /// The worse of what both directions say, in the words of the one that says it.
    private func combined(_ type: PeeringConditionType) -> PeeringCondition {
        let said = PeeringDirection.allCases.filter(has).map { ($0, condition(type, of: $0)) }
        guard let (direction, worst) = said.min(by: { $0.1.status.urgency < $1.1.status.urgency }) else {
            return PeeringCondition(.none, "NotPeered", "there is no peering with the cluster")
        }
        guard said.contains(where: { $0.1.status != worst.status && $0.1.status != .none }) else { return worst }
        let words = worst.message.isEmpty ? worst.reason : worst.message
        return PeeringCondition(worst.status, worst.reason, "\(direction.rawValue) peering: \(words)")
    }

    private static func condition(_ type: PeeringConditionType, in list: JSON?) -> PeeringCondition? {
        guard let json = Conditions.find(type.rawValue, in: list) else { return nil }
        return PeeringCondition(
            PeeringStatus(rawValue: json["status"]?.string ?? "") ?? .none, json["reason"]?.string ?? "",
            json["message"]?.string ?? "")
    }

    private static func set(
        _ type: PeeringConditionType, _ condition: PeeringCondition, now: Int, in list: inout JSON?
    ) {
        Conditions.set(
            type.rawValue, status: condition.status.rawValue, reason: condition.reason, message: condition.message,
            now: now, in: &list)
    }
}

extension PeeringStatus {
    /// Which of two is told where both are true: the smaller one.
    fileprivate var urgency: Int {
        switch self {
        case .denied: 0
        case .error: 1
        case .pending: 2
        case .disconnecting: 3
        case .established: 4
        case .none: 5
        }
    }
}
