import ClusterAPI
import HTTPTransport
import KubernetesModel

/// The parameters in a request's query, by the names Kubernetes gives them.
struct RequestParameters: Sendable {
    private let query: HTTPQuery

    init(_ query: HTTPQuery) { self.query = query }

    subscript(name: String) -> String? { query[name] }

    func text(_ name: String) -> String { query[name] ?? "" }

    func all(_ name: String) -> [String] { query.all(name) }

    func flag(_ name: String) -> Bool { optionalFlag(name) ?? false }

    func optionalFlag(_ name: String) -> Bool? {
        switch query[name] {
        case nil: nil
        case "1", "true", "True", "TRUE", "t", "T", "": true
        case .some: false
        }
    }

    func number(_ name: String) throws(APIError) -> Int? {
        guard let text = query[name], !text.isEmpty else { return nil }
        guard let number = Int(text) else {
            throw APIError.badRequest("\(name): Invalid value: \"\(text)\": must be a whole number")
        }
        return number
    }

    func selection(for definition: ResourceDefinition) throws(APIError) -> ListQuery {
        var list = try ListQuery(
            labels: text("labelSelector"), fields: text("fieldSelector"), for: definition)
        list.limit = max(0, try number("limit") ?? 0)
        list.continuation = text("continue")
        list.resourceVersion = text("resourceVersion")
        list.resourceVersionMatch = text("resourceVersionMatch")
        try ListOptionRules.check(list: list, sendInitialEvents: optionalFlag("sendInitialEvents"))
        return list
    }

    func watch(for definition: ResourceDefinition) throws(APIError) -> WatchQuery {
        var watch = WatchQuery()
        watch.selection = try ListQuery(
            labels: text("labelSelector"), fields: text("fieldSelector"), for: definition)
        watch.selection.continuation = text("continue")
        watch.resourceVersion = text("resourceVersion")
        watch.resourceVersionMatch = text("resourceVersionMatch")
        watch.sendInitialEvents = optionalFlag("sendInitialEvents")
        watch.allowsBookmarks = flag("allowWatchBookmarks")
        watch.timeoutSeconds = try number("timeoutSeconds")
        return watch
    }

    func write() throws(APIError) -> WriteOptions {
        var options = WriteOptions()
        options.fieldManager = text("fieldManager")
        options.isDryRun = try isDryRun()
        options.force = flag("force")
        if let word = query["fieldValidation"], !word.isEmpty {
            guard let validation = FieldValidation(rawValue: word) else {
                throw APIError.invalid(
                    group: "meta.k8s.io", kind: "CreateOptions", name: "",
                    [
                        APIError.Cause(
                            reason: "FieldValueNotSupported",
                            message:
                                "Unsupported value: \"\(word)\": supported values: \"Ignore\", \"Strict\", \"Warn\"",
                            field: "fieldValidation")
                    ])
            }
            options.fieldValidation = validation
        }
        return options
    }

    private func isDryRun() throws(APIError) -> Bool {
        let words = query.all("dryRun")
        for word in words where word != "All" {
            throw APIError.invalid(
                group: "meta.k8s.io", kind: "CreateOptions", name: "",
                [
                    APIError.Cause(
                        reason: "FieldValueNotSupported",
                        message: "Unsupported value: [\"\(word)\"]: supported values: \"All\"", field: "dryRun")
                ])
        }
        return !words.isEmpty
    }

    /// The deletion's options, of the body where there is one and else of the query.
    func deletion(_ body: DeleteOptions) throws(APIError) -> DeleteOptions {
        var options = body
        if let seconds = try number("gracePeriodSeconds") { options.gracePeriodSeconds = seconds }
        if let word = query["propagationPolicy"] { options.propagation = DeleteOptions.Propagation(rawValue: word) }
        if try isDryRun() { options.isDryRun = true }
        return options
    }

    func log() throws(APIError) -> LogOptions {
        var options = LogOptions(
            container: text("container"), follow: flag("follow"), previous: flag("previous"),
            timestamps: flag("timestamps"), sinceTime: query["sinceTime"])
        options.tailLines = try number("tailLines")
        options.sinceSeconds = try number("sinceSeconds")
        options.limitBytes = try number("limitBytes")
        return options
    }
}
