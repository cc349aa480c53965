/// One JSON value (RFC 8259), with numbers kept as their text and object members in the order they came.
///
/// Two values are equal when they mean the same: the order of an object's members does not count, nor how a number
/// is spelled (`1`, `1.0` and `1e0` are equal).
public enum JSON: Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON: Hashable {
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _): false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .number(let value): hasher.combine(value)
        case .string(let value): hasher.combine(value)
        case .array(let value): hasher.combine(value)
        case .object(let value): hasher.combine(value)
        }
    }
}

// MARK: - Literals

// There is no nil literal: `nil` where a `JSON?` is meant would read as a value that is null.

extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByStringInterpolation
{
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// A later element with the same key wins.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}

extension JSON {
    public init(_ value: Int) { self = .number(JSONNumber(value)) }
    public init(_ value: Bool) { self = .bool(value) }
    public init(_ value: String) { self = .string(value) }
    public init(_ value: [String]) { self = .array(value.map(JSON.string)) }
    /// Members sorted by key, so that the same dictionary always makes the same text.
    public init(_ value: [String: String]) {
        var object = JSONObject()
        for key in value.keys.sorted() { object[key] = value[key].map(JSON.string) }
        self = .object(object)
    }
}

// MARK: - Reading

extension JSON {
    public var isNull: Bool { if case .null = self { true } else { false } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var number: JSONNumber? { if case .number(let value) = self { value } else { nil } }
    /// The whole number this is, where it is one that fits in an `Int`.
    public var int: Int? { number?.int }
    public var double: Double? { number?.double }
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// The strings of an array of strings; `nil` where this is anything else.
    public var strings: [String]? {
        guard case .array(let elements) = self else { return nil }
        var result: [String] = []
        result.reserveCapacity(elements.count)
        for element in elements {
            guard case .string(let text) = element else { return nil }
            result.append(text)
        }
        return result
    }
    /// The members of an object whose values are strings; members of other types are left out.
    public var stringMap: [String: String]? {
        guard case .object(let object) = self else { return nil }
        var result: [String: String] = [:]
        for (key, value) in object { if case .string(let text) = value { result[key] = text } }
        return result
    }

    /// Whether this is an object or an array.
    public var isContainer: Bool {
        switch self {
        case .object, .array: true
        case .null, .bool, .number, .string: false
        }
    }

    /// Whether this is the other object or array itself, unchanged by either of its owners: sure to be equal, at no look at
    /// its content. False says nothing.
    public func isSame(as other: JSON) -> Bool {
        switch (self, other) {
        case (.object(let own), .object(let others)): own.isSameStorage(as: others)
        case (.array(let own), .array(let others)):
            own.withUnsafeBufferPointer { own in
                others.withUnsafeBufferPointer { own.baseAddress == $0.baseAddress && own.count == $0.count }
            }
        case (_, _): false
        }
    }

    /// What kind of value this is, in JSON's words: for messages.
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

// MARK: - Paths

extension JSON {
    /// The member `key` of an object; `nil` where there is none or this is no object.
    ///
    /// Setting a member of a value that is no object makes it one; setting `nil` removes the member and leaves a value
    /// that is no object as it is.
    public subscript(key: String) -> JSON? {
        get {
            guard case .object(let object) = self else { return nil }
            return object[key]
        }
        _modify {
            // The members must have one owner only while they change, or every change would copy them all: so the
            // object is moved out of `self`, and any other value is kept aside.
            var object: JSONObject
            let other: JSON?
            if case .object(let own) = self {
                object = own
                other = nil
            } else {
                object = JSONObject()
                other = self
            }
            self = .null
            defer {
                if let other, object.isEmpty { self = other } else { self = .object(object) }
            }
            yield &object[key]
        }
    }

    /// The value reached through objects by `path`; setting makes the objects on the way.
    public subscript(path: [String]) -> JSON? {
        get {
            var value = self
            for key in path {
                guard let next = value[key] else { return nil }
                value = next
            }
            return value
        }
        set {
            guard let first = path.first else {
                self = newValue ?? .null
                return
            }
            guard path.count > 1 else {
                self[first] = newValue
                return
            }
            var child = self[first] ?? .null
            if child.object == nil, newValue == nil { return }
            child[Array(path.dropFirst())] = newValue
            self[first] = child
        }
    }

    /// The same for two steps, which is most often wanted: changes happen in place, without copies on the way.
    public subscript(first: String, second: String) -> JSON? {
        get { self[first]?[second] }
        set {
            if self[first] == nil {
                guard let newValue else { return }
                self[first] = .object([second: newValue])
            } else {
                self[first]?[second] = newValue
            }
        }
    }

    public subscript(first: String, second: String, rest: String...) -> JSON? {
        get { self[[first, second] + rest] }
        set { self[[first, second] + rest] = newValue }
    }

    /// The element at `index` of an array; `nil` where there is none.
    public subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}

extension JSON: CustomStringConvertible {
    /// Compact JSON text.
    public var description: String { text() }
}
