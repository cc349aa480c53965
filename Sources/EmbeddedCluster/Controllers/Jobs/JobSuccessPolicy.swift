import JSONTree

/// When an Indexed Job has succeeded although not all of its indexes have (`spec.successPolicy`).
struct JobSuccessPolicy: Sendable {
    private let rules: [JSON]

    /// - Returns: `nil` for a Job without a policy.
    init?(_ json: JSON?) {
        guard let rules = json?["rules"]?.array else { return nil }
        self.rules = rules
    }

    /// What the condition says once a rule is met; `nil` while none is.
    func message(succeeded: JobIndexes, completions: Int) -> String? {
        for (place, rule) in rules.enumerated() {
            let count = rule["succeededCount"]?.int
            var done = succeeded.values
            var needed = count ?? completions
            if let text = rule["succeededIndexes"]?.string {
                let wanted = JobIndexes(text: text, below: completions).values
                done.formIntersection(wanted)
                needed = count ?? wanted.count
            }
            if done.count >= needed { return "Matched rules at index \(place)" }
        }
        return nil
    }
}
