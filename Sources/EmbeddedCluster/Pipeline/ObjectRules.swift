import ClusterAPI
import JSONTree
import KubernetesModel

/// What the schemas say about a resource's objects: which fields there are, what they default to, what is valid.
enum ObjectRules {
    /// What of the stored object need not be judged again where a write has left it as it is; `nil` where all is.
    ///
    /// The schemas of custom resources change between two writes: then all of an object is.
    private static func judged(_ former: KubernetesObject?, _ definition: ResourceDefinition) -> JSON? {
        definition.custom == nil ? former?.json : nil
    }

    /// Reads the body of a write.
    ///
    /// - Parameter former: the stored object, where it is updated.
    /// - Returns: the object without what the schema does not know, and warnings about that.
    static func decode(
        _ body: JSON, as definition: ResourceDefinition, _ context: WriteContext, former: KubernetesObject? = nil
    ) throws(APIError) -> (object: KubernetesObject, warnings: [String]) {
        let object = try typed(body, definition)
        guard let schema = definition.schema else { return (object, []) }
        let decoded: SchemaDecoder.Result
        do throws(DecodingFailure) {
            decoded = try SchemaDecoder.decode(
                object.json, as: schema, former: judged(former, definition), duplicates: context.duplicates)
        } catch {
            throw unreadable(definition, error.message)
        }
        // Who says nothing wants warnings (the default since Kubernetes 1.27).
        switch context.options.fieldValidation ?? .warn {
        case .ignore: return (KubernetesObject(decoded.value), [])
        case .warn: return (KubernetesObject(decoded.value), decoded.problems)
        case .strict:
            guard decoded.problems.isEmpty else {
                throw unreadable(definition, "strict decoding error: \(decoded.problems.joined(separator: ", "))")
            }
            return (KubernetesObject(decoded.value), [])
        }
    }

    /// Reads what a patch made of an object.
    ///
    /// - Returns: the object without what the schema does not know, and warnings about that and about the patch.
    static func decode(
        _ body: JSON, patchedBy patch: Patch, of former: KubernetesObject, as definition: ResourceDefinition,
        _ context: WriteContext
    ) throws(APIError) -> (object: KubernetesObject, warnings: [String]) {
        let object = try typed(body, definition)
        func refusal(_ why: String) -> APIError { DecodingRefusals.patch(PatchRules.quotation(patch, body), why) }
        var problems = PatchRules.problems(patch, duplicates: context.duplicates)
        var value = object.json
        if let schema = definition.schema {
            do throws(DecodingFailure) {
                let decoded = try SchemaDecoder.decode(
                    object.json, as: schema, former: judged(former, definition))
                value = decoded.value
                problems += decoded.problems
            } catch {
                throw refusal(patch.form == .strategic ? error.conversion : error.message)
            }
        }
        switch context.options.fieldValidation ?? .warn {
        case .ignore: return (KubernetesObject(value), [])
        case .warn: return (KubernetesObject(value), problems)
        case .strict:
            guard problems.isEmpty else { throw refusal(DecodingRefusals.strictMessage(problems)) }
            return (KubernetesObject(value), [])
        }
    }

    /// The body of a write with its kind and version, which must be the resource's.
    private static func typed(
        _ body: JSON, _ definition: ResourceDefinition
    ) throws(APIError) -> KubernetesObject {
        guard body.object != nil else {
            throw APIError.badRequest("the object provided is unrecognized: expected an object, found \(body.kindName)")
        }
        var object = KubernetesObject(body)
        if object.kind.isEmpty { object.json["kind"] = .string(definition.type.kind) }
        if object.apiVersion.isEmpty { object.json["apiVersion"] = .string(definition.type.apiVersion) }
        guard object.kind == definition.type.kind, object.apiVersion == definition.type.apiVersion else {
            throw APIError.badRequest(
                "the object provided is unrecognized (must be of type \(definition.type.kind)): couldn't get version/kind; "
                    + "it says \(object.apiVersion), Kind=\(object.kind)")
        }
        return object
    }

    /// A stored custom resource in a version that may have other fields and defaults than it was written with.
    ///
    /// There is no conversion (strategy `None`): only the version's name differs, and what its schema says.
    static func renewed(_ object: KubernetesObject, as definition: ResourceDefinition) -> KubernetesObject {
        var object = object
        object.json["apiVersion"] = .string(definition.type.apiVersion)
        guard let schema = definition.schema else { return object }
        // What the schema cannot read is shown as it is, so that it can be mended.
        if let decoded = try? SchemaDecoder.decode(object.json, as: schema) { object = KubernetesObject(decoded.value) }
        applyDefaults(&object, definition)
        return object
    }

    private static func unreadable(_ definition: ResourceDefinition, _ why: String) -> APIError {
        let type = definition.type
        guard definition.custom == nil else { return .badRequest(why) }
        return .badRequest("\(type.kind) in version \"\(type.version)\" cannot be handled as a \(type.kind): \(why)")
    }

    /// The largest object in bytes: as large as a request may be. Patches and defaults make objects larger than any request.
    private static let sizeLimit = 3 * 1024 * 1024

    static func checkSize(of object: KubernetesObject) throws(APIError) {
        guard object.json.isLonger(than: sizeLimit) else { return }
        throw APIError(
            code: 413, reason: .requestEntityTooLarge, message: "Request entity too large: limit is \(sizeLimit)")
    }

    /// - Parameter former: the stored object, where it is updated.
    static func applyDefaults(
        _ object: inout KubernetesObject, _ definition: ResourceDefinition, former: KubernetesObject? = nil
    ) {
        guard let schema = definition.schema else { return }
        object.json = Defaults.applied(to: object.json, schema: schema, former: judged(former, definition))
    }

    /// What is wrong with an object; `old` where it is updated.
    static func problems(
        _ object: KubernetesObject, old: KubernetesObject?, _ definition: ResourceDefinition, isStatus: Bool
    ) -> [APIError.Cause] {
        guard let schema = definition.schema else { return [] }
        let problems =
            if let old {
                ObjectValidation.updating(object, from: old, as: definition.type, schema: schema, isStatus: isStatus)
            } else {
                ObjectValidation.creating(object, as: definition.type, schema: schema)
            }
        return problems.causes
    }

    /// - Throws: 415 for custom resources, whose lists have no merge keys; 400 for a malformed directive.
    static func strategicMerge(
        _ patch: JSON, into current: JSON, _ definition: ResourceDefinition
    ) throws(APIError) -> JSON {
        guard definition.custom == nil, let schema = definition.schema else {
            throw APIError(
                code: 415, reason: .unsupportedMediaType,
                message: "the body of the request was in an unknown format - accepted media types include: "
                    + "application/json-patch+json, application/merge-patch+json")
        }
        do throws(JSONError) {
            return try StrategicMergePatch.apply(patch, to: current, schema: schema)
        } catch {
            throw APIError.badRequest(error.message)
        }
    }
}
