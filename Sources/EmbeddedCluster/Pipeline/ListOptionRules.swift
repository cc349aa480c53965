import JSONTree
import KubernetesModel

/// Which options of lists and watches go together (`meta/v1 ListOptions`).
enum ListOptionRules {
    private static let match = FieldPath("resourceVersionMatch")
    private static let withContinue = "resourceVersionMatch is forbidden when continue is provided"

    /// - Throws: 422 for options that contradict each other; 400 for a version beside a token that has its own.
    static func check(list query: ListQuery, sendInitialEvents: Bool? = nil) throws(APIError) {
        var problems = FieldProblems()
        let word = query.resourceVersionMatch
        if !word.isEmpty {
            if query.resourceVersion.isEmpty {
                problems.forbidden(match, "resourceVersionMatch is forbidden unless resourceVersion is provided")
            }
            if !query.continuation.isEmpty { problems.forbidden(match, withContinue) }
            if word != "Exact", word != "NotOlderThan" {
                problems.unsupported(match, .string(word), ["Exact", "NotOlderThan", ""])
            }
            if word == "Exact", query.resourceVersion == "0" {
                problems.forbidden(match, #"resourceVersionMatch "exact" is forbidden for resourceVersion "0""#)
            }
        }
        if sendInitialEvents != nil {
            problems.forbidden(FieldPath("sendInitialEvents"), "sendInitialEvents is forbidden for list")
        }
        try refuse(problems)
        if !query.continuation.isEmpty, !query.resourceVersion.isEmpty, query.resourceVersion != "0" {
            throw APIError.badRequest("specifying resource version is not allowed when using continue")
        }
    }

    /// - Throws: 422 for options that contradict each other.
    static func check(watch query: WatchQuery) throws(APIError) {
        var problems = FieldProblems()
        let word = query.resourceVersionMatch
        if query.sendInitialEvents != nil, word != "NotOlderThan" {
            problems.forbidden(match, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
        }
        if !word.isEmpty {
            if query.sendInitialEvents == nil {
                problems.forbidden(
                    match, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
            }
            if word != "NotOlderThan" { problems.unsupported(match, .string(word), ["NotOlderThan"]) }
            if !query.selection.continuation.isEmpty { problems.forbidden(match, withContinue) }
        }
        try refuse(problems)
    }

    private static func refuse(_ problems: FieldProblems) throws(APIError) {
        guard !problems.isEmpty else { return }
        throw .invalid(group: "meta.k8s.io", kind: "ListOptions", name: "", problems.causes)
    }
}
