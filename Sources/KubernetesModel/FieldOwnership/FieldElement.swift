import JSONTree

/// The texts of path elements in the `FieldsV1` format.
enum FieldElement {
    static func member(_ key: String) -> String { "f:" + key }

    static func index(_ place: Int) -> String { "i:\(place)" }

    static func value(_ value: JSON) -> String { "v:" + value.text() }

    /// - Parameter keys: the names and values of an element's keys, in any order.
    static func keyed(_ keys: [(String, JSON)]) -> String {
        var object = JSONObject(keys)
        object.sortKeys()
        return "k:" + JSON.object(object).text()
    }

    /// An element as others wrote it, in our own spelling; `nil` where it is malformed.
    static func normalized(_ text: String) -> String? {
        if text.hasPrefix("f:") { return text }
        guard text.utf8.count >= 2 else { return nil }
        let rest = String(text.dropFirst(2))
        switch text.prefix(2) {
        case "k:":
            guard let object = (try? JSON(parsing: Array(rest.utf8)))?.object, !object.isEmpty else { return nil }
            return keyed(Array(object).map { ($0.key, $0.value) })
        case "v:": return (try? JSON(parsing: Array(rest.utf8))).map(value)
        case "i:": return Int(rest).map(index)
        default: return nil
        }
    }

    /// The order in which sets are written: members, keyed elements, values, places. By letters it is that, but for places.
    static func precedes(_ left: String, _ right: String) -> Bool {
        let (a, b) = (isPlace(left), isPlace(right))
        return a == b ? left < right : b
    }

    private static func isPlace(_ text: String) -> Bool { text.utf8.first == UInt8(ascii: "i") }

    /// The element within a path, as messages write it.
    static func pathText(_ text: String) -> String {
        let rest = text.dropFirst(2)
        switch text.prefix(2) {
        case "f:": return ".\(rest)"
        case "k:":
            let keys = (try? JSON(parsing: Array(rest.utf8)))?.object ?? JSONObject()
            return "[" + keys.map { "\($0.key)=\($0.value.text())" }.joined(separator: ",") + "]"
        case "v:": return "[=\(rest)]"
        default: return "[\(rest)]"
        }
    }
}
