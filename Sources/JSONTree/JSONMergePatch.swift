extension JSON {
    /// Applies a JSON merge patch (RFC 7396): objects merge member by member, `null` removes, anything else replaces.
    public mutating func merge(_ patch: JSON) {
        guard case .object(let changes) = patch else {
            self = patch
            return
        }
        if object == nil { self = .object(JSONObject()) }
        for (key, change) in changes {
            if change.isNull {
                self[key] = nil
            } else {
                var value = self[key] ?? .null
                value.merge(change)
                self[key] = value
            }
        }
    }

    /// The merge patch that turns this value into `target`; `nil` where both are equal.
    ///
    /// A merge patch cannot set a member to `null`; a target that has such members is not reached.
    public func mergePatch(to target: JSON) -> JSON? {
        guard self != target else { return nil }
        guard case .object(let before) = self, case .object(let after) = target else { return target }
        var changes = JSONObject()
        for (key, _) in before where !after.contains(key) { changes[key] = .null }
        for (key, value) in after {
            guard let old = before[key] else {
                changes[key] = value
                continue
            }
            if let change = old.mergePatch(to: value) { changes[key] = change }
        }
        return .object(changes)
    }
}
