import ClusterAPI
import JSONTree
import KubernetesModel

/// Applies the forms of patches, with Kubernetes' answers for those that do not fit.
enum PatchRules {
    /// Whether a patch reads or changes `metadata.managedFields`.
    static func concernsOwners(_ patch: Patch) -> Bool {
        switch patch.form {
        case .json:
            (patch.body.array ?? []).contains { operation in
                ["path", "from"].contains { operation[$0]?.string?.hasPrefix("/metadata/managedFields") ?? false }
            }
        case .merge, .strategic: patch.body["metadata"]?["managedFields"] != nil
        case .apply: false
        }
    }

    static func apply(
        _ patch: Patch, to current: JSON, _ definition: ResourceDefinition
    ) throws(APIError) -> JSON {
        switch patch.form {
        case .json: return try json(patch.body, current)
        case .merge:
            try checkObject(patch.body)
            var result = current
            result.merge(patch.body)
            return result
        case .apply:
            // Objects are applied by `ResourcePipeline.apply`.
            throw APIError(
                code: 415, reason: .unsupportedMediaType,
                message: "this subresource cannot be applied: send a merge patch")
        case .strategic:
            try checkObject(patch.body)
            return try ObjectRules.strategicMerge(patch.body, into: current, definition)
        }
    }

    /// The most operations that one JSON patch may have, as in Kubernetes.
    private static let maximalOperations = 10_000

    private static func json(_ body: JSON, _ current: JSON) throws(APIError) -> JSON {
        guard let elements = body.array else {
            throw unreadable(body, as: "[]interface {}")
        }
        guard elements.count <= maximalOperations else {
            throw tooLarge(
                "The allowed maximum operations in a JSON patch is \(maximalOperations), got \(elements.count)")
        }
        if let odd = elements.first(where: { $0.object == nil }) { throw unreadable(odd, as: "jsonpatch.Operation") }
        do throws(JSONError) {
            return try JSONPatch(body).applied(to: current)
        } catch {
            guard error.code != .limit else { throw tooLarge(error.message) }
            // All that Kubernetes says about operations that do not fit.
            throw APIError(
                code: 422, reason: .invalid, message: "the server rejected our request due to an error in our request")
        }
    }

    private static func tooLarge(_ why: String) -> APIError {
        APIError(code: 413, reason: .requestEntityTooLarge, message: "Request entity too large: \(why)")
    }

    private static func checkObject(_ body: JSON) throws(APIError) {
        guard body.object == nil else { return }
        throw unreadable(body, as: "map[string]interface {}")
    }

    private static func unreadable(_ value: JSON, as type: String) -> APIError {
        .badRequest("error decoding patch: json: cannot unmarshal \(value.kindName) into Go value of type \(type)")
    }

    /// What strict readers object to in a patch's own text.
    static func problems(_ patch: Patch, duplicates: [String]) -> [String] {
        duplicates.map { patch.form == .json ? "json patch duplicate field \"\($0)\"" : "duplicate field \"\($0)\"" }
    }

    /// What an answer quotes of a patch whose result cannot be read.
    static func quotation(_ patch: Patch, _ result: JSON) -> String {
        patch.form == .strategic ? patch.body.goText : result.text()
    }
}
