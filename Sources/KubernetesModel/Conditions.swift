public import JSONTree

/// Entries of `status.conditions`, which Kubernetes keeps one a type.
public enum Conditions {
    /// The condition of a type, where there is one.
    public static func find(_ type: String, in conditions: JSON?, typeKey: String = "type") -> JSON? {
        conditions?.array?.first { $0[typeKey]?.string == type }
    }

    public static func isTrue(_ type: String, in conditions: JSON?) -> Bool {
        find(type, in: conditions)?["status"]?.string == "True"
    }

    /// Sets a condition; its `lastTransitionTime` moves only when its status changes.
    ///
    /// - Parameter now: seconds since 1970.
    public static func set(
        _ type: String, status: String, reason: String, message: String, now: Int, in conditions: inout JSON?,
        more: JSONObject = JSONObject()
    ) {
        var elements = conditions?.array ?? []
        let place = elements.firstIndex { $0["type"]?.string == type }
        let old = place.map { elements[$0] }
        var condition: JSON = ["type": .string(type), "status": .string(status)]
        for (key, value) in more { condition[key] = value }
        let changed = old?["status"]?.string != status
        condition["lastTransitionTime"] =
            changed ? .string(Timestamp.text(now)) : old?["lastTransitionTime"] ?? .string(Timestamp.text(now))
        if !reason.isEmpty { condition["reason"] = .string(reason) }
        if !message.isEmpty { condition["message"] = .string(message) }
        if let place { elements[place] = condition } else { elements.append(condition) }
        conditions = .array(elements)
    }
}
