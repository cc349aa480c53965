/// In which form a client wants the OpenAPI v2 document.
enum OpenAPIForm: Sendable, Hashable, CaseIterable {
    case json
    /// What clients written in Go ask for, by an older name of its type and a newer one.
    case protobuf

    var mediaTypes: [String] {
        switch self {
        case .json: ["application/json"]
        case .protobuf:
            [
                "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
                "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
            ]
        }
    }

    /// The type of the answer. Never the older name: its `@` belongs in no media type, and Go's own parser refuses it.
    var contentType: String { mediaTypes.first ?? "application/json" }

    /// The first form of an `Accept` header that is served; `nil` where none is.
    static func accepted(_ header: String) -> OpenAPIForm? {
        guard !header.isEmpty else { return .json }
        for clause in header.split(separator: ",") {
            let type = (clause.split(separator: ";").first ?? "").filter { $0 != " " && $0 != "\t" }.lowercased()
            if ["*/*", "application/*"].contains(type) { return .json }
            for form in allCases where form.mediaTypes.contains(type) { return form }
        }
        return nil
    }
}
