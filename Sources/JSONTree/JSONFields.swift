/// Reads an object's fields one by one and says by name which one is missing or wrong.
///
/// The way every message and stored record of ours is decoded: total, typed, without a trace of trust.
public struct JSONFields: Sendable {
    /// The object being read.
    public let object: JSONObject
    /// Its place in the whole, such as `desired.objects[2]`; empty at the top.
    public let path: String

    /// - Throws: `JSONError` where `json` is no object.
    public init(_ json: JSON, at path: String = "") throws(JSONError) {
        guard case .object(let object) = json else {
            throw JSONError(.field, "\(path.isEmpty ? "the value" : path): expected an object, found \(json.kindName)")
        }
        self.object = object
        self.path = path
    }

    /// The full name of a field, for messages.
    public func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    public func error(_ key: String, _ problem: String) -> JSONError {
        JSONError(.field, "\(name(key)): \(problem)")
    }

    /// The field's value; absent and `null` are the same.
    public func optional(_ key: String) -> JSON? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    public func value(_ key: String) throws(JSONError) -> JSON {
        guard let value = optional(key) else { throw error(key, "missing") }
        return value
    }

    private func typed<T>(_ key: String, _ type: String, _ read: (JSON) -> T?) throws(JSONError) -> T? {
        guard let value = optional(key) else { return nil }
        guard let result = read(value) else { throw error(key, "expected \(type), found \(value.kindName)") }
        return result
    }

    private func required<T>(_ key: String, _ value: T?) throws(JSONError) -> T {
        guard let value else { throw error(key, "missing") }
        return value
    }

    /// - Parameter limit: the most bytes of UTF-8 the text may have.
    public func optionalString(_ key: String, limit: Int = 65_536) throws(JSONError) -> String? {
        guard let text = try typed(key, "a string", { $0.string }) else { return nil }
        guard text.utf8.count <= limit else { throw error(key, "longer than \(limit) bytes") }
        return text
    }

    public func string(_ key: String, limit: Int = 65_536) throws(JSONError) -> String {
        try required(key, try optionalString(key, limit: limit))
    }

    public func optionalInt(_ key: String, in range: ClosedRange<Int> = 0...Int.max) throws(JSONError) -> Int? {
        guard let number = try typed(key, "a whole number", { $0.int }) else { return nil }
        guard range.contains(number) else {
            throw error(key, "\(number) is not within \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    public func int(_ key: String, in range: ClosedRange<Int> = 0...Int.max) throws(JSONError) -> Int {
        try required(key, try optionalInt(key, in: range))
    }

    public func optionalBool(_ key: String) throws(JSONError) -> Bool? { try typed(key, "true or false", { $0.bool }) }

    public func bool(_ key: String) throws(JSONError) -> Bool { try required(key, try optionalBool(key)) }

    public func optionalObject(_ key: String) throws(JSONError) -> JSONFields? {
        guard let value = optional(key) else { return nil }
        return try JSONFields(value, at: name(key))
    }

    public func object(_ key: String) throws(JSONError) -> JSONFields { try required(key, try optionalObject(key)) }

    /// The elements of an array, each with its name; an absent field is an empty array.
    ///
    /// - Parameter limit: the most elements the array may have.
    public func elements(_ key: String, limit: Int = 100_000) throws(JSONError) -> [(name: String, value: JSON)] {
        guard let elements = try typed(key, "an array", { $0.array }) else { return [] }
        guard elements.count <= limit else { throw error(key, "more than \(limit) elements") }
        return elements.enumerated().map { ("\(name(key))[\($0.offset)]", $0.element) }
    }

    /// An array of strings; an absent field is an empty array.
    public func strings(_ key: String, limit: Int = 100_000) throws(JSONError) -> [String] {
        guard let value = optional(key) else { return [] }
        guard let strings = value.strings else { throw error(key, "expected an array of strings") }
        guard strings.count <= limit else { throw error(key, "more than \(limit) elements") }
        return strings
    }

    /// An object whose values are all strings; an absent field is an empty one.
    public func stringMap(_ key: String, limit: Int = 10_000) throws(JSONError) -> [String: String] {
        guard let fields = try optionalObject(key) else { return [:] }
        guard fields.object.count <= limit else { throw error(key, "more than \(limit) members") }
        var result: [String: String] = [:]
        for (member, value) in fields.object {
            guard case .string(let text) = value else {
                throw fields.error(member, "expected a string, found \(value.kindName)")
            }
            result[member] = text
        }
        return result
    }

    /// Refuses fields that are not named here.
    public func allowOnly(_ keys: Set<String>) throws(JSONError) {
        for key in object.keys where !keys.contains(key) { throw error(key, "unknown field") }
    }
}
