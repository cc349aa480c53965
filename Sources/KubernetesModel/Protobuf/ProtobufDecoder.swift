public import JSONTree

/// Turns the protobuf form of built-in kinds into their JSON form: kubectl writes some requests so, and falls back to
/// nothing else.
///
/// What an object means is the schema's; only the numbers of its fields come from elsewhere. Fields without a number that
/// is known are left out, as any reader of protobuf does.
public struct ProtobufDecoder: Sendable {
    /// What such a body begins with.
    private static let magic = Array("k8s\u{0}".utf8)
    /// Messages within each other; Kubernetes' own stay under 30.
    private static let maximumDepth = 64

    private init() {}

    /// - Returns: the object with its `apiVersion` and `kind`.
    /// - Throws: `ProtobufError` where the bytes are malformed or of a kind that has no protobuf form here.
    public static func decode(_ bytes: [UInt8]) throws(ProtobufError) -> JSON {
        guard bytes.starts(with: magic) else {
            throw ProtobufError("the body does not start as protobuf of Kubernetes does")
        }
        var (apiVersion, kind, raw) = ("", "", ArraySlice<UInt8>())
        var envelope = ProtobufReader(bytes.dropFirst(magic.count))
        while let (number, value) = try envelope.next() {
            guard case .bytes(let bytes) = value else { continue }
            switch number {
            case 1:
                var type = ProtobufReader(bytes)
                while let (number, value) = try type.next() {
                    guard case .bytes(let text) = value else { continue }
                    if number == 1 { apiVersion = try string(text) }
                    if number == 2 { kind = try string(text) }
                }
            case 2: raw = bytes
            default: break
            }
        }
        let parts = apiVersion.split(separator: "/", maxSplits: 1).map(String.init)
        let (group, version) = parts.count == 2 ? (parts[0], parts[1]) : ("", apiVersion)
        // The options of requests belong to every group.
        let own = kind == "DeleteOptions" ? ("", "v1") : (group, version)
        guard let schema = SchemaRegistry.builtIn.schema(group: own.0, version: own.1, kind: kind) else {
            throw ProtobufError("no kind \"\(kind)\" is registered for version \"\(apiVersion)\"")
        }
        var object = JSONObject()
        object["apiVersion"] = .string(apiVersion)
        object["kind"] = .string(kind)
        try message(raw, schema, into: &object, depth: 0)
        return .object(object)
    }

    private static func string(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw ProtobufError("a text is not UTF-8") }
        return text
    }

    private static func message(
        _ bytes: ArraySlice<UInt8>, _ schema: Schema, into object: inout JSONObject, depth: Int
    ) throws(ProtobufError) {
        try fields(bytes, of: schema.target.definition, schema, into: &object, depth: depth)
    }

    private static func fields(
        _ bytes: ArraySlice<UInt8>, of definition: String, _ schema: Schema, into object: inout JSONObject, depth: Int
    ) throws(ProtobufError) {
        guard depth < maximumDepth else {
            throw ProtobufError("messages lie deeper than \(maximumDepth) in each other")
        }
        guard let numbers = ProtobufFields.byDefinition[definition] else { return }
        var reader = ProtobufReader(bytes)
        while let (number, value) = try reader.next() {
            switch numbers[number] {
            case nil: break
            case .inline(let inner)?:
                guard case .bytes(let bytes) = value else { throw ProtobufError("field \(number) is no message") }
                try fields(bytes, of: inner, schema, into: &object, depth: depth + 1)
            case .named(let name)?:
                guard let child = schema.member(name) else { continue }
                try add(value, child, as: name, to: &object, depth: depth + 1)
            }
        }
    }

    /// Adds one occurrence of a field: lists and maps have one an element.
    private static func add(
        _ value: ProtobufReader.Value, _ schema: Schema, as name: String, to object: inout JSONObject, depth: Int
    ) throws(ProtobufError) {
        if schema.kind == .array, let items = schema.items {
            var elements = object[name]?.array ?? []
            object[name] = nil
            if let element = try json(value, items, depth: depth) { elements.append(element) }
            object[name] = .array(elements)
        } else if let additional = schema.additional, schema.properties.isEmpty {
            guard case .bytes(let bytes) = value else { throw ProtobufError("\(name) is no map") }
            var entries = object[name]?.object ?? JSONObject()
            object[name] = nil
            var (key, entry) = ("", JSON?.none)
            var reader = ProtobufReader(bytes)
            while let (number, value) = try reader.next() {
                if number == 1, case .bytes(let text) = value { key = try string(text) }
                if number == 2 { entry = try json(value, additional, depth: depth) }
            }
            entries[key] = entry ?? zero(additional)
            object[name] = .object(entries)
        } else if let json = try json(value, schema, depth: depth) {
            object[name] = json
        }
    }

    /// An entry without a value has its type's zero value.
    private static func zero(_ schema: Schema) -> JSON {
        switch schema.kind {
        case .string, .quantity: ""
        case .integer, .number, .intOrString: 0
        case .boolean: false
        case .array: []
        case .object, .any: .object(JSONObject())
        }
    }

    /// - Returns: `nil` for what means absence, such as a time that was never set.
    private static func json(
        _ value: ProtobufReader.Value, _ schema: Schema, depth: Int
    ) throws(ProtobufError) -> JSON? {
        switch (schema.kind, value) {
        case (.boolean, .varint(let number)): return .bool(number != 0)
        case (.integer, .varint(let number)): return JSON(Int(truncatingIfNeeded: number))
        case (.number, .fixed64(let bits)): return JSONNumber(Double(bitPattern: bits)).map(JSON.number)
        case (.number, .fixed32(let bits)): return JSONNumber(Double(Float(bitPattern: bits))).map(JSON.number)
        case (.string, .bytes(let bytes)):
            switch schema.format {
            case "date-time": return try time(bytes, isPrecise: schema.typeName == "MicroTime").map(JSON.string)
            case "byte": return .string(Base64Text.encode(Array(bytes)))
            default: return .string(try string(bytes))
            }
        case (.quantity, .bytes(let bytes)): return try text(bytes, field: 1).map(JSON.string)
        case (.intOrString, .bytes(let bytes)): return try intOrString(bytes)
        case (.object, .bytes(let bytes)):
            var object = JSONObject()
            try message(bytes, schema, into: &object, depth: depth)
            return .object(object)
        case (.any, .bytes): return nil
        default: throw ProtobufError("a value has the wrong wire type for \(schema.kind.rawValue)")
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>, field: Int) throws(ProtobufError) -> String? {
        var reader = ProtobufReader(bytes)
        var text: String?
        while let (number, value) = try reader.next() {
            if number == field, case .bytes(let bytes) = value { text = try string(bytes) }
        }
        return text
    }

    private static func intOrString(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> JSON {
        var reader = ProtobufReader(bytes)
        var (isText, number, text) = (false, 0, "")
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .varint(let type)): isText = type == 1
            case (2, .varint(let value)): number = Int(truncatingIfNeeded: value)
            case (3, .bytes(let bytes)): text = try string(bytes)
            default: break
            }
        }
        return isText ? .string(text) : JSON(number)
    }

    /// A `Time`: seconds since 1970 and nanoseconds; without fields it was never set.
    private static func time(_ bytes: ArraySlice<UInt8>, isPrecise: Bool) throws(ProtobufError) -> String? {
        var reader = ProtobufReader(bytes)
        var (seconds, nanoseconds) = (Int?.none, 0)
        while let (field, value) = try reader.next() {
            guard case .varint(let number) = value else { continue }
            if field == 1 { seconds = Int(truncatingIfNeeded: number) }
            if field == 2 { nanoseconds = Int(truncatingIfNeeded: number) }
        }
        // The years 1 to 9999: what the text form can say.
        guard let seconds, (-62_135_596_800..<253_402_300_800).contains(seconds) else { return nil }
        guard isPrecise else { return Timestamp.text(seconds) }
        return Timestamp.microText(seconds * 1_000_000 + min(max(0, nanoseconds), 999_999_999) / 1000)
    }
}
