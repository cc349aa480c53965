public import JSONTree

/// One line of `metadata.managedFields`: who owns which fields, by which kind of request (`meta/v1 ManagedFieldsEntry`).
public struct FieldManagerEntry: Sendable, Hashable {
    public enum Operation: String, Sendable {
        case apply = "Apply"
        case update = "Update"
    }

    public var manager: String
    public var operation: Operation
    public var apiVersion: String
    /// Such as `status`; empty for the object itself.
    public var subresource: String
    /// RFC 3339; empty where nobody said.
    public var time: String
    public var fields: FieldSet

    public init(
        manager: String, operation: Operation, apiVersion: String, subresource: String = "", time: String = "",
        fields: FieldSet = FieldSet()
    ) {
        self.manager = manager
        self.operation = operation
        self.apiVersion = apiVersion
        self.subresource = subresource
        self.time = time
        self.fields = fields
    }

    /// Reads an entry.
    ///
    /// - Returns: `nil` where it is malformed.
    public init?(_ json: JSON) {
        guard let operation = json["operation"]?.string.flatMap(Operation.init(rawValue:)),
            json["fieldsType"]?.string == "FieldsV1", let apiVersion = json["apiVersion"]?.string, !apiVersion.isEmpty,
            let fields = FieldSet(fieldsV1: json["fieldsV1"] ?? .object(JSONObject()))
        else { return nil }
        self.init(
            manager: json["manager"]?.string ?? "", operation: operation, apiVersion: apiVersion,
            subresource: json["subresource"]?.string ?? "", time: json["time"]?.string ?? "", fields: fields)
    }

    /// Whether both stand for the same manager. Who applies is the same in whatever version.
    func isSameManager(as other: FieldManagerEntry) -> Bool {
        manager == other.manager && operation == other.operation && subresource == other.subresource
            && (operation == .apply || apiVersion == other.apiVersion)
    }

    /// The manager in messages: `"kubectl" with subresource "scale" using apps/v1`.
    var text: String {
        var text = JSON.string(manager).text()
        if !subresource.isEmpty { text += " with subresource \(JSON.string(subresource).text())" }
        if operation == .update { text += " using \(apiVersion)" }
        return text
    }

    func encode(into bytes: inout [UInt8]) {
        func member(_ name: String, _ value: String) {
            bytes.append(contentsOf: name.utf8)
            JSON.string(value).encode(into: &bytes)
        }
        member(#"{"manager":"#, manager)
        member(#","operation":"#, operation.rawValue)
        member(#","apiVersion":"#, apiVersion)
        if !time.isEmpty { member(#","time":"#, time) }
        bytes.append(contentsOf: #","fieldsType":"FieldsV1","fieldsV1":"#.utf8)
        fields.encode(into: &bytes)
        if !subresource.isEmpty { member(#","subresource":"#, subresource) }
        bytes.append(UInt8(ascii: "}"))
    }

    /// The order of the list: who applies first, then by time.
    static func precedes(_ left: FieldManagerEntry, _ right: FieldManagerEntry) -> Bool {
        func order(_ entry: FieldManagerEntry) -> [String] {
            [entry.operation.rawValue, entry.time, entry.manager, entry.apiVersion, entry.subresource]
        }
        return order(left).lexicographicallyPrecedes(order(right))
    }
}
