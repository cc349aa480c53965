import CKubernetesSchemas
import JSONTree
import Synchronization

/// The schemas of Kubernetes' built-in kinds, from the document that is embedded in the program.
///
/// The document has one definition a line: they are indexed when the registry is first used, and each is parsed when it is
/// first asked for. What is not served has no schema.
public final class SchemaRegistry: Sendable {
    /// The schemas of the built-in kinds.
    public static let builtIn = SchemaRegistry()

    /// Where each definition's JSON is within the document, in bytes.
    private let lines: [String: Range<Int>]
    private let kinds: [String: String]
    private let parsed = Mutex<[String: Schema]>([:])

    private static var document: UnsafeBufferPointer<UInt8> {
        var length = 0
        let start = causeway_kubernetes_schemas(&length)
        return UnsafeBufferPointer(start: start, count: length)
    }

    private init() {
        let document = Self.document
        var lines: [String: Range<Int>] = [:]
        lines.reserveCapacity(512)
        var start = document.startIndex
        while start < document.endIndex {
            let end = document[start...].firstIndex(of: UInt8(ascii: "\n")) ?? document.endIndex
            if let (name, range) = Self.member(document, start..<end) {
                lines[name] = range
            }
            start = end + 1
        }
        var kinds: [String: String] = [:]
        if let line = lines.removeValue(forKey: "kinds") {
            kinds = (try? JSON(parsing: document[line]))?.stringMap ?? [:]
        }
        self.lines = lines
        self.kinds = kinds
    }

    /// Splits a line `"name":{…},` into the name and the place of the value.
    private static func member(
        _ document: UnsafeBufferPointer<UInt8>, _ line: Range<Int>
    ) -> (String, Range<Int>)? {
        guard line.count > 4, document[line.lowerBound] == UInt8(ascii: "\"") else { return nil }
        let nameStart = line.lowerBound + 1
        guard let nameEnd = document[nameStart..<line.upperBound].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        var end = line.upperBound
        if document[end - 1] == UInt8(ascii: ",") { end -= 1 }
        guard nameEnd + 2 < end else { return nil }
        return (String(decoding: document[nameStart..<nameEnd], as: UTF8.self), nameEnd + 2..<end)
    }

    /// The schema of a kind; `nil` where it is not a built-in one that is served.
    public func schema(group: String, version: String, kind: String) -> Schema? {
        kinds["\(group)/\(version)/\(kind)"].flatMap(definition)
    }

    public func schema(for type: ResourceType) -> Schema? {
        schema(group: type.group, version: type.version, kind: type.kind)
    }

    /// A definition by its full name, such as `io.k8s.api.core.v1.PodSpec`.
    public func definition(_ name: String) -> Schema? {
        if let known = parsed.withLock({ $0[name] }) { return known }
        guard let source = source(name) else { return nil }
        let schema = Schema(builtIn: source, definition: name)
        return parsed.withLock {
            if let known = $0[name] { return known }
            $0[name] = schema
            return schema
        }
    }

    /// The names of all definitions, sorted.
    var definitionNames: [String] { lines.keys.sorted() }

    /// The kinds that have a schema, as `group/version/kind`, with the names of their definitions.
    var definitionsOfKinds: [String: String] { kinds }

    /// A definition as it is written in the document.
    func source(_ name: String) -> JSON? {
        guard let line = lines[name] else { return nil }
        return try? JSON(parsing: Self.document[line])
    }
}
