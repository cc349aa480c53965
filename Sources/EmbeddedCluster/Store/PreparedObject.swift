import JSONTree
import KubernetesModel

/// An object ready to be stored: encoded, but for its resource version, which the writer knows only when its turn comes.
struct PreparedObject: Sendable {
    let object: KubernetesObject
    /// The text without the digits of `metadata.resourceVersion`.
    private let text: ObjectText
    /// How many of the text's own bytes stand before the digits.
    private let place: Int
    /// Where the text of `metadata.managedFields` is, once the digits are there; they are all before it.
    private let managed: Range<Int>
    private static let managedPrefix = #"","managedFields":"#

    /// - Parameter managed: the text of `metadata.managedFields`, which the object itself does not have; empty for none.
    init(_ object: KubernetesObject, managed: [UInt8]) {
        var shared: JSON?
        var text = ObjectText()
        text.append { $0.reserveCapacity(2048) }
        var place = 0
        var managedStart = 0
        var members = object.json.object ?? JSONObject()
        if members["metadata"] == nil { members["metadata"] = .object(JSONObject()) }
        var isFirst = true
        for (key, value) in members {
            text.append { bytes in
                bytes.append(UInt8(ascii: isFirst ? "{" : ","))
                JSON.string(key).encode(into: &bytes)
                bytes.append(UInt8(ascii: ":"))
            }
            isFirst = false
            guard key == "metadata" else {
                if key == "spec", case .object(let fields) = value {
                    shared = Self.encode(spec: fields, into: &text)
                } else {
                    text.append { value.encode(into: &$0) }
                }
                continue
            }
            text.append { $0.append(contentsOf: #"{"resourceVersion":""#.utf8) }
            place = text.own.count
            if managed.isEmpty {
                text.append { $0.append(UInt8(ascii: "\"")) }
            } else {
                text.append { $0.append(contentsOf: Self.managedPrefix.utf8) }
                managedStart = text.count
                Self.encode(managed: managed, into: &text)
            }
            text.append { bytes in
                for (field, value) in value.object ?? JSONObject()
                where field != "resourceVersion" && field != "managedFields" {
                    bytes.append(UInt8(ascii: ","))
                    JSON.string(field).encode(into: &bytes)
                    bytes.append(UInt8(ascii: ":"))
                    value.encode(into: &bytes)
                }
                bytes.append(UInt8(ascii: "}"))
            }
        }
        text.append { $0.append(UInt8(ascii: "}")) }
        self.text = text
        self.place = place
        self.managed = managedStart..<managedStart + managed.count
        guard let shared else {
            self.object = object
            return
        }
        var object = object
        object.json["spec"] = shared
        self.object = object
    }

    /// Encodes a `spec`: as a whole that other objects have too, or with those of its parts that others have.
    ///
    /// - Returns: the same with what others have; `nil` where that is nothing.
    private static func encode(spec fields: JSONObject, into text: inout ObjectText) -> JSON? {
        var result = fields
        var bytes: [UInt8] = []
        var cuts: [(end: Int, text: [UInt8])] = []
        var isShared = false
        bytes.reserveCapacity(2048)
        for (field, part) in fields {
            bytes.append(UInt8(ascii: bytes.isEmpty ? "{" : ","))
            JSON.string(field).encode(into: &bytes)
            bytes.append(UInt8(ascii: ":"))
            let start = bytes.count
            part.encode(into: &bytes)
            guard let known = SharedParts.recent.known(part, text: bytes[start...]) else { continue }
            result[field] = known.value
            isShared = true
            if SharedParts.isWorthCutting(known.text) { cuts.append((bytes.count, known.text)) }
        }
        bytes.append(contentsOf: bytes.isEmpty ? "{}".utf8 : "}".utf8)
        let whole = SharedParts.specs.known(.object(result), text: bytes[...])
        if let whole, SharedParts.isWorthCutting(whole.text) { cuts = [(bytes.count, whole.text)] }
        var start = 0
        for cut in cuts {
            text.append { $0.append(contentsOf: bytes[start..<cut.end]) }
            text.share(last: cut.text)
            start = cut.end
        }
        text.append { $0.append(contentsOf: bytes[start...]) }
        if let whole { return whole.value }
        return isShared ? .object(result) : nil
    }

    /// Puts the text of `metadata.managedFields` there, but the sets of fields that other objects have too.
    private static func encode(managed: [UInt8], into text: inout ObjectText) {
        var start = 0
        for range in FieldSetTexts.ranges(in: managed) {
            text.append { $0.append(contentsOf: managed[start..<range.upperBound]) }
            start = range.upperBound
            guard let known = SharedParts.fieldSets.known(.null, text: managed[range]),
                SharedParts.isWorthCutting(known.text)
            else { continue }
            text.share(last: known.text)
        }
        text.append { $0.append(contentsOf: managed[start...]) }
    }

    /// The object as of a revision.
    func stored(_ reference: ObjectReference, revision: Int) -> StoredObject {
        let digits = String(revision)
        var object = object
        object.json["metadata", "resourceVersion"] = .string(digits)
        let shift = managed.isEmpty ? 0 : digits.utf8.count
        return StoredObject(
            resource: reference.resource, key: reference.key, revision: revision,
            text: text.inserting(digits.utf8, at: place),
            managed: managed.lowerBound + shift..<managed.upperBound + shift, object: object)
    }
}
