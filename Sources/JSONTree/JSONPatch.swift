/// A JSON patch (RFC 6902): operations applied in order, all or none.
public struct JSONPatch: Sendable, Hashable {
    public enum Operation: Sendable, Hashable {
        case add([String], JSON)
        case remove([String])
        case replace([String], JSON)
        case move(from: [String], to: [String])
        case copy(from: [String], to: [String])
        case test([String], JSON)
    }

    public var operations: [Operation]

    public init(_ operations: [Operation]) { self.operations = operations }

    /// - Parameter limit: the most operations accepted; Kubernetes' own limit is 10,000.
    /// - Throws: `JSONError` naming the operation that is malformed.
    public init(_ json: JSON, limit: Int = 10_000) throws(JSONError) {
        guard case .array(let elements) = json else {
            throw JSONError(.patch, "a JSON patch is an array of operations, not \(json.kindName)")
        }
        guard elements.count <= limit else { throw JSONError(.limit, "a JSON patch of more than \(limit) operations") }
        var operations: [Operation] = []
        for (place, element) in elements.enumerated() {
            let fields = try JSONFields(element, at: "[\(place)]")
            let path = try Self.pointer(fields.string("path"), fields.name("path"))
            switch try fields.string("op") {
            case "add": operations.append(.add(path, fields.object["value"] ?? .null))
            case "remove": operations.append(.remove(path))
            case "replace": operations.append(.replace(path, fields.object["value"] ?? .null))
            case "move":
                operations.append(.move(from: try Self.pointer(fields.string("from"), fields.name("from")), to: path))
            case "copy":
                operations.append(.copy(from: try Self.pointer(fields.string("from"), fields.name("from")), to: path))
            case "test": operations.append(.test(path, fields.object["value"] ?? .null))
            case let other: throw fields.error("op", "unknown operation \"\(other.prefix(32))\"")
            }
        }
        self.operations = operations
    }

    /// Splits a JSON pointer (RFC 6901) into its tokens.
    static func pointer(_ text: String, _ name: String) throws(JSONError) -> [String] {
        guard !text.isEmpty else { return [] }
        guard text.hasPrefix("/") else { throw JSONError(.patch, "\(name): a JSON pointer starts with '/'") }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0).replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }

    /// The text of a pointer, for messages.
    static func text(_ path: [String]) -> String {
        path.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
    }

    /// How many bytes of text all `copy` operations together may add: as many as in Kubernetes. Without it, a patch of 30
    /// lines doubles a document a billionfold.
    private static let copiedBytes = 3 << 20
    /// How many bytes all `move` operations together may carry about: time is all that these cost.
    private static let movedBytes = 64 << 20

    /// Applies all operations to a copy.
    ///
    /// - Throws: `JSONError` with code `patch` for the first operation that does not fit, naming its path, and with code
    ///   `limit` where the document would grow beyond what copies may add, or deeper than a parser takes.
    public func applied(to document: JSON) throws(JSONError) -> JSON {
        var result = document
        var (copied, moved) = (Self.copiedBytes, Self.movedBytes)
        for operation in operations {
            switch operation {
            case .add(let path, let value):
                try Self.checkDepth(of: value, at: path)
                try Self.edit(&result, path[...], path) { (node, key) throws(JSONError) in
                    try Self.add(&node, key, value, path)
                } whole: { _ in
                    value
                }
            case .remove(let path): _ = try Self.take(&result, path)
            case .replace(let path, let value):
                guard Self.value(result, path) != nil else { throw Self.missing("replace", path) }
                try Self.checkDepth(of: value, at: path)
                try Self.edit(&result, path[...], path) { (node, key) throws(JSONError) in
                    try Self.set(&node, key, value, path)
                } whole: { _ in
                    value
                }
            case .move(let from, let to):
                guard !(to.count > from.count && to.starts(with: from)) else {
                    throw JSONError(.patch, "move operation: \(Self.text(from)) cannot move into itself")
                }
                let value = try Self.take(&result, from)
                guard value.takeSize(from: &moved) else {
                    throw JSONError(.limit, "the move operations carry more than \(Self.movedBytes) bytes about")
                }
                try Self.checkDepth(of: value, at: to)
                try Self.edit(&result, to[...], to) { (node, key) throws(JSONError) in
                    try Self.add(&node, key, value, to)
                } whole: { _ in
                    value
                }
            case .copy(let from, let to):
                guard let value = Self.value(result, from) else { throw Self.missing("copy", from) }
                guard value.takeSize(from: &copied) else {
                    throw JSONError(
                        .limit,
                        "Unable to complete the copy, the accumulated size increase of copy exceeds the limit "
                            + "\(Self.copiedBytes)")
                }
                try Self.checkDepth(of: value, at: to)
                try Self.edit(&result, to[...], to) { (node, key) throws(JSONError) in
                    try Self.add(&node, key, value, to)
                } whole: { _ in
                    value
                }
            case .test(let path, let value):
                let found = Self.value(result, path) ?? .null
                guard found == value else {
                    throw JSONError(.patch, "testing path \(Self.text(path)) failed")
                }
            }
        }
        return result
    }

    private static func checkDepth(of value: JSON, at path: [String]) throws(JSONError) {
        let limit = JSONLimits.standard.depth
        guard value.isDeeper(than: limit - path.count) else { return }
        throw JSONError(.limit, "the document would be deeper than \(limit) levels")
    }

    private static func missing(_ operation: String, _ path: [String]) -> JSONError {
        JSONError(.patch, "\(operation) operation does not apply: doc is missing path: \(text(path)): missing value")
    }

    private static func value(_ document: JSON, _ path: [String]) -> JSON? {
        var value = document
        for token in path {
            switch value {
            case .object(let object):
                guard let next = object[token] else { return nil }
                value = next
            case .array(let elements):
                guard let place = index(token), elements.indices.contains(place) else { return nil }
                value = elements[place]
            case .null, .bool, .number, .string: return nil
            }
        }
        return value
    }

    /// An array index as RFC 6901 writes it: digits without a leading zero.
    private static func index(_ token: String) -> Int? {
        guard token == "0" || (!token.hasPrefix("0") && token.utf8.allSatisfy { (48...57).contains($0) }) else {
            return nil
        }
        return Int(token)
    }

    /// Changes a node in place: the way to it is taken out of the document while it is changed, so that nothing is copied.
    /// An error leaves the document in pieces.
    private static func edit(
        _ node: inout JSON, _ rest: ArraySlice<String>, _ path: [String],
        _ change: (inout JSON, String) throws(JSONError) -> Void, whole: (JSON) -> JSON
    ) throws(JSONError) {
        guard let token = rest.first else {
            node = whole(node)
            return
        }
        if rest.count == 1 { return try change(&node, token) }
        switch node {
        case .object(var object):
            node = .null
            guard var child = object.exchange(token, with: .null) else { throw missing("add", path) }
            try edit(&child, rest.dropFirst(), path, change, whole: whole)
            _ = object.exchange(token, with: child)
            node = .object(object)
        case .array(var elements):
            node = .null
            guard let place = index(token), elements.indices.contains(place) else { throw missing("add", path) }
            try edit(&elements[place], rest.dropFirst(), path, change, whole: whole)
            node = .array(elements)
        case .null, .bool, .number, .string: throw missing("add", path)
        }
    }

    private static func add(_ node: inout JSON, _ key: String, _ value: JSON, _ path: [String]) throws(JSONError) {
        guard case .array(var elements) = node else { return try set(&node, key, value, path) }
        node = .null
        if key == "-" {
            elements.append(value)
        } else {
            guard let place = index(key), (0...elements.count).contains(place) else {
                throw JSONError(.patch, "add operation does not apply: \(text(path)): index out of range")
            }
            elements.insert(value, at: place)
        }
        node = .array(elements)
    }

    private static func set(_ node: inout JSON, _ key: String, _ value: JSON, _ path: [String]) throws(JSONError) {
        switch node {
        case .object(var object):
            node = .null
            object[key] = value
            node = .object(object)
        case .array(var elements):
            node = .null
            guard let place = index(key), elements.indices.contains(place) else { throw missing("replace", path) }
            elements[place] = value
            node = .array(elements)
        case .null, .bool, .number, .string: throw missing("replace", path)
        }
    }

    private static func take(_ document: inout JSON, _ path: [String]) throws(JSONError) -> JSON {
        guard let value = value(document, path), !path.isEmpty else { throw missing("remove", path) }
        try edit(&document, path[...], path) { (node, key) throws(JSONError) in
            switch node {
            case .object(var object):
                node = .null
                object[key] = nil
                node = .object(object)
            case .array(var elements):
                node = .null
                guard let place = index(key), elements.indices.contains(place) else { throw missing("remove", path) }
                elements.remove(at: place)
                node = .array(elements)
            case .null, .bool, .number, .string: throw missing("remove", path)
            }
        } whole: {
            $0
        }
        return value
    }
}
