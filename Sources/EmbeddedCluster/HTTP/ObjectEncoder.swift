import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore

/// Writes objects, lists and watch events in the form that the client asked for.
///
/// Objects as themselves go out as the bytes that are kept; only tables and metadata are made anew.
struct ObjectEncoder: Sendable {
    let definition: ResourceDefinition
    let form: AcceptedForm
    let inclusion: Table.Inclusion
    let now: Int

    private var columns: TableColumns { definition.columns }

    /// One object as the body of an answer.
    func object(_ object: StoredObject) -> HTTPResponse.Body {
        switch form {
        case .object, .aggregatedDiscovery: return .bytes(object.text.buffer)
        case .metadata(let version):
            return body(Table.partial(object.complete, apiVersion: version.apiVersion))
        case .table(let version):
            return body(table([object], ["resourceVersion": .string(object.object.resourceVersion)], version))
        }
    }

    private func body(_ json: JSON) -> HTTPResponse.Body { .bytes(ByteBuffer(bytes: json.encoded())) }

    /// A `Scale`, which is no stored object.
    func scale(_ scale: JSON) -> JSON {
        let object = KubernetesObject(scale)
        switch form {
        case .object, .aggregatedDiscovery: return scale
        case .metadata(let version): return Table.partial(object, apiVersion: version.apiVersion)
        case .table(let version):
            return Table.json(
                [object], columns: .scales, metadata: ["resourceVersion": .string(object.resourceVersion)],
                inclusion: inclusion, apiVersion: version.apiVersion, now: now)
        }
    }

    private func table(
        _ objects: [StoredObject], _ metadata: JSON, _ version: AcceptedForm.Version, includesColumns: Bool = true
    ) -> JSON {
        Table.json(
            objects.map { inclusion == .object ? $0.complete : $0.object }, columns: columns, metadata: metadata,
            inclusion: inclusion, includesColumns: includesColumns,
            apiVersion: version.apiVersion, now: now)
    }

    /// A page as the body of an answer.
    func list(_ page: ListPage) -> HTTPResponse.Body {
        var metadata: JSON = ["resourceVersion": .string(String(page.revision))]
        if !page.continuation.isEmpty { metadata["continue"] = .string(page.continuation) }
        if let remaining = page.remaining { metadata["remainingItemCount"] = JSON(remaining) }
        switch form {
        case .object, .aggregatedDiscovery:
            return ListBody(head: head(definition.listKind, definition.type.apiVersion, metadata), items: page.items)
                .response
        case .metadata(let version):
            var bytes = head("PartialObjectMetadataList", version.apiVersion, metadata)
            for (place, object) in page.items.enumerated() {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                Table.partial(object.complete, apiVersion: version.apiVersion).encode(into: &bytes)
            }
            bytes.append(contentsOf: ListBody.end)
            return .bytes(ByteBuffer(bytes: bytes))
        case .table(let version):
            return body(table(page.items, metadata, version))
        }
    }

    /// A list's text up to its first item.
    private func head(_ kind: String, _ apiVersion: String, _ metadata: JSON) -> [UInt8] {
        let head: JSON = ["kind": .string(kind), "apiVersion": .string(apiVersion), "metadata": metadata]
        var bytes = head.encoded()
        bytes.removeLast()
        bytes.append(contentsOf: #","items":["#.utf8)
        return bytes
    }

    /// One line of a watch.
    ///
    /// - Parameter isFirst: whether it is the watch's first, which brings a table's columns.
    func event(_ change: WatchStream.Change, isFirst: Bool, into bytes: inout ByteBuffer) {
        switch change {
        case .added(let object): event("ADDED", object, isFirst, &bytes)
        case .modified(let object): event("MODIFIED", object, isFirst, &bytes)
        case .deleted(let object): event("DELETED", object, isFirst, &bytes)
        case .bookmark(let revision, let isInitialEnd):
            line("BOOKMARK", bookmark(revision, isInitialEnd, isFirst).encoded(), &bytes)
        }
    }

    private func event(_ type: String, _ object: StoredObject, _ isFirst: Bool, _ bytes: inout ByteBuffer) {
        switch form {
        case .object, .aggregatedDiscovery: Self.append(type, object.text, &bytes)
        case .metadata(let version):
            line(type, Table.partial(object.complete, apiVersion: version.apiVersion).encoded(), &bytes)
        case .table(let version):
            let metadata: JSON = ["resourceVersion": .string(object.object.resourceVersion)]
            line(type, table([object], metadata, version, includesColumns: isFirst).encoded(), &bytes)
        }
    }

    private func bookmark(_ revision: Int, _ isInitialEnd: Bool, _ isFirst: Bool) -> JSON {
        var metadata: JSON = ["resourceVersion": .string(String(revision)), "creationTimestamp": .null]
        if isInitialEnd { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        switch form {
        case .table(let version): return table([], metadata, version, includesColumns: isFirst)
        case .metadata(let version):
            return ["kind": "PartialObjectMetadata", "apiVersion": .string(version.apiVersion), "metadata": metadata]
        case .object, .aggregatedDiscovery:
            return [
                "kind": .string(definition.type.kind), "apiVersion": .string(definition.type.apiVersion),
                "metadata": metadata,
            ]
        }
    }

    static func failure(_ error: APIError, into bytes: inout ByteBuffer) {
        append("ERROR", ObjectText(error.status.encoded()), &bytes)
    }

    private func line(_ type: String, _ object: [UInt8], _ bytes: inout ByteBuffer) {
        Self.append(type, ObjectText(object), &bytes)
    }

    private static func append(_ type: String, _ object: ObjectText, _ bytes: inout ByteBuffer) {
        // At once, instead of growing with each of what follows.
        bytes.reserveCapacity(minimumWritableBytes: object.count + 64)
        bytes.writeStaticString(#"{"type":""#)
        bytes.writeString(type)
        bytes.writeStaticString(#"","object":"#)
        object.write(to: &bytes)
        bytes.writeStaticString("}\n")
    }
}
