import JSONTree
import KubernetesModel

/// An object ready to be stored: encoded, but for its resource version, which the writer knows only when its turn comes.
struct PreparedObject: Sendable {
    let object: KubernetesObject
    /// The text up to and from the digits of `metadata.resourceVersion`.
    private let bytes: [UInt8]
    private let place: Int
    /// How long the text of `metadata.managedFields` is, which follows the version's digits after `managedPrefix`.
    private let managedLength: Int
    private static let managedPrefix = #"","managedFields":"#

    /// - Parameter managed: the text of `metadata.managedFields`, which the object itself does not have; empty for none.
    init(_ object: KubernetesObject, managed: [UInt8]) {
        var shared: JSON?
        self.managedLength = managed.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2048)
        var place = 0
        var members = object.json.object ?? JSONObject()
        if members["metadata"] == nil { members["metadata"] = .object(JSONObject()) }
        bytes.append(UInt8(ascii: "{"))
        for (key, value) in members {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            JSON.string(key).encode(into: &bytes)
            bytes.append(UInt8(ascii: ":"))
            guard key == "metadata" else {
                if key == "spec", case .object(let fields) = value {
                    shared = Self.encode(fields, into: &bytes)
                } else {
                    value.encode(into: &bytes)
                }
                continue
            }
            bytes.append(contentsOf: #"{"resourceVersion":""#.utf8)
            place = bytes.count
            if managed.isEmpty {
                bytes.append(UInt8(ascii: "\""))
            } else {
                bytes.append(contentsOf: Self.managedPrefix.utf8)
                bytes.append(contentsOf: managed)
            }
            for (field, value) in value.object ?? JSONObject()
            where field != "resourceVersion" && field != "managedFields" {
                bytes.append(UInt8(ascii: ","))
                JSON.string(field).encode(into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                value.encode(into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: "}"))
        self.bytes = bytes
        self.place = place
        guard let shared else {
            self.object = object
            return
        }
        var object = object
        object.json["spec"] = shared
        self.object = object
    }

    /// Encodes a `spec` part by part.
    ///
    /// - Returns: the same with the parts that other objects have too; `nil` where there are none.
    private static func encode(_ fields: JSONObject, into bytes: inout [UInt8]) -> JSON? {
        var result = fields
        var isShared = false
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        for (field, part) in fields {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            JSON.string(field).encode(into: &bytes)
            bytes.append(UInt8(ascii: ":"))
            let start = bytes.count
            part.encode(into: &bytes)
            guard let known = SharedParts.recent.known(part, text: bytes[start...]) else { continue }
            result[field] = known
            isShared = true
        }
        bytes.append(UInt8(ascii: "}"))
        return isShared ? .object(result) : nil
    }

    /// The object as of a revision.
    func stored(_ reference: ObjectReference, revision: Int) -> StoredObject {
        let digits = String(revision)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + digits.utf8.count)
        text.append(contentsOf: bytes[..<place])
        text.append(contentsOf: digits.utf8)
        text.append(contentsOf: bytes[place...])
        var object = object
        object.json["metadata", "resourceVersion"] = .string(digits)
        let managedStart = managedLength == 0 ? 0 : place + digits.utf8.count + Self.managedPrefix.utf8.count
        return StoredObject(
            resource: reference.resource, key: reference.key, revision: revision, bytes: text,
            managed: managedStart..<managedStart + managedLength, object: object)
    }
}
