public import JSONTree

/// Reads an object as Kubernetes' typed decoding does: members that the schema does not know are taken out and named, zero
/// values that mean nothing go, and a value of the wrong type is an error in Go's words.
///
/// Values of custom resources are only pruned here; `CustomResourceValidation` judges their types.
public struct SchemaDecoder: Sendable {
    /// An object as it may be stored, and what a strict reader objects to.
    public struct Result: Sendable {
        public var value: JSON
        /// Such as `unknown field "spec.replicaz"`, in the order of the text.
        public var problems: [String]
    }

    private enum Step {
        case key(String)
        /// A key of a map, which Go's messages leave out.
        case mapKey(String)
        case index(Int)
    }

    /// What becomes of a value.
    private enum Change {
        case keep
        case drop
        case replace(JSON)
    }

    private var steps: [Step] = []
    private var problems: [String] = []

    private init() {}

    /// Decodes an object.
    ///
    /// - Parameters:
    ///   - former: an object that was decoded before: parts of it that the new one has kept are not read again.
    ///   - duplicates: paths of keys that came twice, as the parser reports them.
    /// - Throws: `DecodingFailure` for the first value of a wrong type.
    public static func decode(
        _ json: JSON, as schema: Schema, former: JSON? = nil, duplicates: [String] = []
    ) throws(DecodingFailure) -> Result {
        var decoder = SchemaDecoder()
        decoder.problems = duplicates.map { "duplicate field \"\($0)\"" }
        switch try decoder.visit(json, schema, owner: schema, former) {
        case .keep: return Result(value: json, problems: decoder.problems)
        case .replace(let value): return Result(value: value, problems: decoder.problems)
        case .drop: return Result(value: .object(JSONObject()), problems: decoder.problems)
        }
    }

    private func pathText(_ key: String) -> String {
        var text = ""
        for step in steps {
            switch step {
            case .key(let key), .mapKey(let key): text += text.isEmpty ? key : ".\(key)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text.isEmpty ? key : "\(text).\(key)"
    }

    /// The path in Go's messages: names only.
    private var goPath: String {
        steps.compactMap { if case .key(let key) = $0 { key } else { nil } }.joined(separator: ".")
    }

    private func mismatch(_ value: JSON, _ schema: Schema, owner: Schema?) -> DecodingFailure {
        let found =
            switch value {
            case .bool: "bool"
            case .number(let number):
                schema.kind == .integer ? "number \(number.text)" : "number"
            case .null, .string, .array, .object: value.kindName
            }
        return DecodingFailure(
            "json: cannot unmarshal \(found) into Go struct field \(owner?.typeName ?? "").\(goPath) of type "
                + schema.goType,
            conversion: schema.goConversionFailure(of: value))
    }

    private mutating func visit(
        _ value: JSON, _ schema: Schema, owner: Schema?, _ former: JSON?
    ) throws(DecodingFailure) -> Change {
        if let former, value.isSame(as: former) { return .keep }
        let schema = schema.target
        if value.isNull { return schema.isStructural ? .keep : .drop }
        switch schema.kind {
        case .any:
            return schema.isStructural ? try visitStructural(value, schema, former) : .keep
        case .object:
            guard case .object(let object) = value else {
                if schema.isStructural { return .keep }
                throw mismatch(value, schema, owner: owner)
            }
            return try visit(object, schema, owner: owner, former?.object)
        case .array:
            guard case .array(let elements) = value else {
                if schema.isStructural { return .keep }
                throw mismatch(value, schema, owner: owner)
            }
            guard let items = schema.items else { return .keep }
            return try visit(elements, items, owner: owner, former?.array)
        case .quantity: return try canonical(value)
        case .string, .integer, .number, .boolean, .intOrString:
            if schema.isStructural { return .keep }
            try check(value, schema, owner: owner)
            return .keep
        }
    }

    /// A node without a type may still name members or elements.
    private mutating func visitStructural(
        _ value: JSON, _ schema: Schema, _ former: JSON?
    ) throws(DecodingFailure) -> Change {
        switch value {
        case .object(let object) where !schema.properties.isEmpty || schema.additional != nil:
            return try visit(object, schema, owner: nil, former?.object)
        case .array(let elements):
            guard let items = schema.items else { return .keep }
            return try visit(elements, items, owner: nil, former?.array)
        case .null, .bool, .number, .string, .object: return .keep
        }
    }

    private mutating func visit(
        _ object: JSONObject, _ schema: Schema, owner: Schema?, _ former: JSONObject?
    ) throws(DecodingFailure) -> Change {
        let isStructural = schema.isStructural
        let properties = schema.properties
        let additional = schema.additional
        // A definition without members is free-form: `FieldsV1`, `RawExtension`.
        if !isStructural, properties.isEmpty, additional == nil { return .keep }
        let keepsUnknown = schema.rules?.preservesUnknown ?? false
        var changed: JSONObject?
        // Taken out in one pass: one by one, a sender of many would choose how long it takes.
        var dropped: Set<String> = []
        for (key, value) in object {
            var change = Change.keep
            if let child = properties[key] {
                steps.append(.key(key))
                change = try visit(value, child, owner: schema, former?[key])
                steps.removeLast()
                if !isStructural, Self.isAbsent(value, key, child, in: schema) { change = .drop }
            } else if let additional {
                steps.append(.mapKey(key))
                change = try visit(
                    value, additional, owner: schema.definition.isEmpty ? owner : schema, former?[key])
                steps.removeLast()
                if case .drop = change { change = .replace(Self.zero(additional)) }
            } else if !keepsUnknown {
                problems.append("unknown field \"\(pathText(key))\"")
                change = .drop
            }
            switch change {
            case .keep: break
            case .drop:
                if changed == nil { changed = object }
                dropped.insert(key)
            case .replace(let new):
                if changed == nil { changed = object }
                changed?[key] = new
            }
        }
        if !dropped.isEmpty { changed?.filter { key, _ in !dropped.contains(key) } }
        return changed.map { .replace(.object($0)) } ?? .keep
    }

    private mutating func visit(
        _ elements: [JSON], _ items: Schema, owner: Schema?, _ former: [JSON]?
    ) throws(DecodingFailure) -> Change {
        var changed: [JSON]?
        for (place, element) in elements.enumerated() {
            steps.append(.index(place))
            let before = former.flatMap { $0.indices.contains(place) ? $0[place] : nil }
            switch try visit(element, items, owner: owner, before) {
            case .keep: break
            case .drop:
                if changed == nil { changed = elements }
                changed?[place] = Self.zero(items)
            case .replace(let new):
                if changed == nil { changed = elements }
                changed?[place] = new
            }
            steps.removeLast()
        }
        return changed.map { .replace(.array($0)) } ?? .keep
    }

    /// What `null` reads as where a value must be.
    private static func zero(_ schema: Schema) -> JSON {
        switch schema.kind {
        case .string, .quantity: ""
        case .integer, .number, .intOrString: 0
        case .boolean: false
        case .array: []
        case .object, .any: .object(JSONObject())
        }
    }

    /// Whether Kubernetes' answers leave this value out.
    private static func isAbsent(_ value: JSON, _ key: String, _ child: Schema, in schema: Schema) -> Bool {
        switch value {
        case .null: true
        case .string(let text): text.isEmpty && schema.zeroIsAbsent.contains(key)
        case .bool(let flag): !flag && schema.zeroIsAbsent.contains(key)
        case .number(let number): number.int == 0 && schema.zeroIsAbsent.contains(key)
        case .array(let elements): elements.isEmpty && !schema.required.contains(key)
        case .object(let object): object.isEmpty && child.additional != nil && !schema.required.contains(key)
        }
    }

    /// A quantity as Kubernetes writes it: `1024Mi` is `1Gi`.
    private func canonical(_ value: JSON) throws(DecodingFailure) -> Change {
        let quantity: Quantity
        do {
            quantity = try Quantity(value)
        } catch {
            throw DecodingFailure(error.message)
        }
        let text = quantity.description
        return value.string == text ? .keep : .replace(.string(text))
    }

    private func check(_ value: JSON, _ schema: Schema, owner: Schema?) throws(DecodingFailure) {
        switch schema.kind {
        case .string:
            guard case .string(let text) = value else { throw mismatch(value, schema, owner: owner) }
            if schema.format == "date-time", Timestamp.seconds(text) == nil {
                throw DecodingFailure(
                    "parsing time \"\(text)\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\(text)\" as \"2006\"")
            }
            if schema.format == "byte", let place = Base64Text.firstIllegalByte(text) {
                throw DecodingFailure("illegal base64 data at input byte \(place)")
            }
        case .boolean:
            guard case .bool = value else { throw mismatch(value, schema, owner: owner) }
        case .integer:
            guard case .number(let number) = value, let whole = Int(number.text),
                schema.format != "int32" || Int32(exactly: whole) != nil
            else { throw mismatch(value, schema, owner: owner) }
        case .number:
            guard case .number = value else { throw mismatch(value, schema, owner: owner) }
        case .intOrString:
            switch value {
            case .string: break
            case .number(let number):
                guard Int(number.text).flatMap(Int32.init(exactly:)) != nil else {
                    throw DecodingFailure("json: cannot unmarshal number \(number.text) into Go value of type int32")
                }
            case .null, .bool, .array, .object:
                throw DecodingFailure("json: cannot unmarshal \(value.kindName) into Go value of type int32")
            }
        case .quantity, .object, .array, .any: break
        }
    }
}

/// Why an object cannot be read as its kind, in the words of Go's decoder.
public struct DecodingFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public let message: String
    /// The same as Kubernetes says it where it converts a tree instead of reading text: for strategic merge patches.
    public let conversion: String

    public init(_ message: String, conversion: String? = nil) {
        self.message = message
        self.conversion = conversion ?? message
    }

    public var description: String { message }
}
