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
        case .json:
            let operations: JSONPatch
            do throws(JSONError) {
                operations = try JSONPatch(patch.body)
            } catch {
                throw APIError.badRequest("error decoding patch: \(error.message)")
            }
            do throws(JSONError) {
                return try operations.applied(to: current)
            } catch {
                guard error.code != .limit else {
                    throw APIError(code: 413, reason: .requestEntityTooLarge, message: error.message)
                }
                throw APIError(
                    code: 422, reason: .invalid,
                    message: "the server rejected our request due to an error in our request")
            }
        case .merge:
            guard patch.body.object != nil else {
                throw APIError.badRequest("error decoding patch: expected an object, found \(patch.body.kindName)")
            }
            var result = current
            result.merge(patch.body)
            return result
        case .apply:
            // Objects are applied by `ResourcePipeline.apply`.
            throw APIError(
                code: 415, reason: .unsupportedMediaType,
                message: "this subresource cannot be applied: send a merge patch")
        case .strategic: return try ObjectRules.strategicMerge(patch.body, into: current, definition)
        }
    }
}
