package import JSONTree
package import KubernetesModel
import Yams

/// Reads the YAML of an object or of an apply patch into JSON, within bounds.
///
/// One document, string keys, no tags but YAML's own. Anchors are followed, but all that they lead to counts.
package enum YAMLBody {
    /// More than any manifest has, and little enough that an alias bomb ends soon.
    private static let maximalNodes = 100_000
    private static let maximalDepth = 100
    /// What all scalars come to in bytes, each as often as an alias repeats it: as much as a body may have.
    private static let maximalBytes = 3 * 1024 * 1024

    /// What has been read.
    private struct Count {
        var nodes = 0
        var bytes = 0
    }

    /// - Returns: the value, and the paths of keys that came twice, of which the last counts.
    package static func parse(_ bytes: some Sequence<UInt8>) throws(APIError) -> (value: JSON, duplicates: [String]) {
        let text = String(decoding: Array(bytes), as: UTF8.self)
        let node: Node?
        do {
            node = try Yams.compose(yaml: text, .default.removing(.merge))
        } catch {
            throw unreadable("\(error)")
        }
        guard let node else { return (.object(JSONObject()), []) }
        var count = Count()
        return (try value(node, depth: 0, &count), [])
    }

    private static func unreadable(_ why: String) -> APIError { .badRequest("error decoding YAML: \(why)") }

    private static func value(_ node: Node, depth: Int, _ count: inout Count) throws(APIError) -> JSON {
        count.nodes += 1
        count.bytes += node.scalar?.string.utf8.count ?? 0
        guard count.nodes <= maximalNodes, count.bytes <= maximalBytes, depth <= maximalDepth else {
            throw unreadable("the document has too many values, or too deep ones")
        }
        switch node {
        case .mapping(let mapping):
            var object = JSONObject()
            for (key, child) in mapping {
                guard let name = key.scalar?.string else { throw unreadable("keys must be strings") }
                count.bytes += name.utf8.count
                object[name] = try value(child, depth: depth + 1, &count)
            }
            return .object(object)
        case .sequence(let sequence):
            var list: [JSON] = []
            for child in sequence { list.append(try value(child, depth: depth + 1, &count)) }
            return .array(list)
        case .scalar(let scalar): return try self.scalar(node, scalar)
        case .alias: throw unreadable("an alias leads nowhere")
        }
    }

    /// YAML 1.1's words, as Kubernetes and kubectl read them.
    private static let booleans = [
        "true": true, "yes": true, "on": true, "y": true, "false": false, "no": false, "off": false, "n": false,
    ]

    private static func scalar(_ node: Node, _ scalar: Node.Scalar) throws(APIError) -> JSON {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        if node.null != nil || scalar.string.isEmpty { return .null }
        if let flag = booleans[scalar.string.lowercased()] { return .bool(flag) }
        if let whole = node.int { return JSON(whole) }
        if let number = node.float {
            guard let number = JSONNumber(number) else { throw unreadable("numbers must be finite") }
            return .number(number)
        }
        return .string(scalar.string)
    }
}
