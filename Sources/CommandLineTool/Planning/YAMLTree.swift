import JSONTree
import Yams

/// YAML as the JSON that Kubernetes' clients make of it.
enum YAMLTree {
    /// Deeper than any manifest; aliases that contain each other end here.
    private static let deepest = 64

    /// More values than any manifest of a megabyte has without aliases that repeat each other.
    private static let most = 100_000

    /// - Throws: `ToolError` with the line of what JSON cannot say.
    static func json(_ node: Node) throws(ToolError) -> JSON {
        var left = most
        return try json(node, depth: 0, &left)
    }

    private static func json(_ node: Node, depth: Int, _ left: inout Int) throws(ToolError) -> JSON {
        guard depth < deepest else { throw ToolError("line \(line(node)): nested too deeply") }
        left -= 1
        guard left >= 0 else { throw ToolError("line \(line(node)): aliases make too much of it") }
        switch node {
        case .scalar(let scalar): return try json(scalar, node)
        case .mapping(let mapping):
            var object = JSONObject()
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw ToolError("line \(line(key)): a key that is no text")
                }
                object[name] = try json(value, depth: depth + 1, &left)
            }
            return .object(object)
        case .sequence(let sequence):
            var elements: [JSON] = []
            for element in sequence { elements.append(try json(element, depth: depth + 1, &left)) }
            return .array(elements)
        case .alias: throw ToolError("line \(line(node)): an alias of something that is not there")
        }
    }

    private static func json(_ scalar: Node.Scalar, _ node: Node) throws(ToolError) -> JSON {
        switch node.tag.rawValue {
        case Tag.Name.null.rawValue: return .null
        case Tag.Name.bool.rawValue:
            // Of YAML 1.1's words for truth only these are Kubernetes'.
            switch scalar.string {
            case "true", "True", "TRUE": return true
            case "false", "False", "FALSE": return false
            default: return .string(scalar.string)
            }
        case Tag.Name.int.rawValue:
            guard let number = node.int else { throw ToolError("line \(line(node)): \(scalar.string) is too large") }
            return JSON(number)
        case Tag.Name.float.rawValue:
            guard let value = node.float, let number = JSONNumber(value) else {
                throw ToolError("line \(line(node)): \(scalar.string) is no number of JSON's")
            }
            return .number(number)
        default: return .string(scalar.string)
        }
    }

    private static func line(_ node: Node) -> Int { node.mark?.line ?? 0 }
}
