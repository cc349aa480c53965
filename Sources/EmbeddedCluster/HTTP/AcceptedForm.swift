/// In which form a client wants the answer, read from its `Accept` header: always JSON, sometimes not the object itself.
enum AcceptedForm: Sendable, Equatable {
    case object
    /// `as=Table;v=v1;g=meta.k8s.io`
    case table
    /// `as=PartialObjectMetadata`, or its list.
    case metadata
    /// `as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io`
    case aggregatedDiscovery

    /// - Parameter allowsTables: `false` where a table cannot be had, so that what the header names next counts.
    /// - Returns: the first form of the header that is served; `nil` where none is.
    init?(_ header: String?, allowsTables: Bool = true) {
        guard let header, !header.isEmpty else {
            self = .object
            return
        }
        for clause in header.split(separator: ",") {
            let parts = clause.split(separator: ";").map { $0.trimmed }
            let type = parts.first?.lowercased() ?? ""
            guard ["application/json", "application/*", "*/*"].contains(type) else { continue }
            var parameters: [String: String] = [:]
            for part in parts.dropFirst() {
                let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmed }
                if pair.count == 2 { parameters[pair[0].lowercased()] = pair[1] }
            }
            guard let form = Self.form(parameters), allowsTables || form != .table else { continue }
            self = form
            return
        }
        return nil
    }

    private static func form(_ parameters: [String: String]) -> AcceptedForm? {
        switch (parameters["as"], parameters["g"], parameters["v"]) {
        case (nil, _, _): .object
        case ("Table", "meta.k8s.io", "v1"): .table
        case ("PartialObjectMetadata", "meta.k8s.io", "v1"), ("PartialObjectMetadataList", "meta.k8s.io", "v1"):
            .metadata
        case ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2"): .aggregatedDiscovery
        case (.some, _, _): nil
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
