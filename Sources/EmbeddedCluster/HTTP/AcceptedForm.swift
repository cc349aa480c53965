import KubernetesModel

/// In which form a client wants the answer, read from its `Accept` header: always JSON, sometimes not the object itself.
package enum AcceptedForm: Sendable, Equatable {
    case object
    /// `as=Table;v=v1;g=meta.k8s.io`
    case table(Version)
    /// `as=PartialObjectMetadata`, or its list.
    case metadata(Version)
    /// `as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io`
    case aggregatedDiscovery

    /// The version of `meta.k8s.io` that the client knows; what they hold is the same.
    package enum Version: String, Sendable {
        case v1, v1beta1

        var apiVersion: String { "meta.k8s.io/\(rawValue)" }
    }

    private var isTable: Bool {
        if case .table = self { true } else { false }
    }

    /// - Parameter allowsTables: `false` where a table cannot be had, so that what the header names next counts.
    /// - Returns: the first form of the header that is served; `nil` where none is.
    package init?(_ header: String?, allowsTables: Bool = true) {
        guard let header, !header.isEmpty, header != "application/json" else {
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
            guard let form = Self.form(parameters), allowsTables || !form.isTable else { continue }
            self = form
            return
        }
        return nil
    }

    static let notAcceptable = APIError(
        code: 406, reason: .notAcceptable, message: "only the following media types are accepted: application/json")

    private static func form(_ parameters: [String: String]) -> AcceptedForm? {
        guard let kind = parameters["as"] else { return .object }
        if kind == "APIGroupDiscoveryList", parameters["g"] == "apidiscovery.k8s.io", parameters["v"] == "v2" {
            return .aggregatedDiscovery
        }
        guard parameters["g"] == "meta.k8s.io", let version = parameters["v"].flatMap(Version.init) else { return nil }
        return switch kind {
        case "Table": .table(version)
        case "PartialObjectMetadata", "PartialObjectMetadataList": .metadata(version)
        default: nil
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
