/// The fields that somebody wants to set and others own with another value.
struct FieldConflicts {
    private var managers: [(entry: FieldManagerEntry, fields: FieldSet)] = []

    var isEmpty: Bool { managers.isEmpty }

    mutating func add(_ entry: FieldManagerEntry, _ fields: FieldSet) {
        if !fields.isEmpty { managers.append((entry, fields)) }
    }

    func removing(_ allowed: FieldSet) -> FieldConflicts {
        var result = FieldConflicts()
        for (entry, fields) in managers { result.add(entry, fields.subtracting(allowed)) }
        return result
    }

    /// 409 as Kubernetes words it: one conflict in a sentence, several as a list by manager.
    var error: APIError {
        let sorted = managers.map { ($0.entry.text, $0.fields.pathTexts) }.sorted { $0.0 < $1.0 }
        let causes = sorted.flatMap { (manager, paths) in
            paths.map { APIError.Cause(reason: "FieldManagerConflict", message: "conflict with \(manager)", field: $0) }
        }
        var message = "Apply failed with \(causes.count) conflict"
        if causes.count == 1, let only = causes.first {
            message += ": \(only.message): \(only.field)"
        } else {
            let lists = sorted.map { (manager, paths) in
                (["conflicts with \(manager):"] + paths.map { "- \($0)" }).joined(separator: "\n")
            }
            message += "s: " + lists.joined(separator: "\n")
        }
        return APIError(code: 409, reason: .conflict, message: message, causes: causes)
    }
}
