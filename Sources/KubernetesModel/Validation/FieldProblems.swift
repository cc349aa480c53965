public import JSONTree

/// What is wrong with an object's fields, in Kubernetes' words (`k8s.io/apimachinery/pkg/util/validation/field`).
public struct FieldProblems: Sendable, Hashable {
    public private(set) var causes: [APIError.Cause] = []

    public init() {}

    public var isEmpty: Bool { causes.isEmpty }

    /// Most bytes of messages: what is wrong with a hundred thousand elements helps nobody, and its text may be a thousand times
    /// as long as the object.
    private static let limit = 256 * 1024
    private var bytes = 0

    private mutating func add(
        _ reason: String, _ path: FieldPath, _ message: @autoclosure () -> String, _ detail: @autoclosure () -> String
    ) {
        guard bytes < Self.limit else { return }
        let (text, rest) = (message(), detail())
        let message = rest.isEmpty ? text : "\(text): \(rest)"
        bytes += message.utf8.count
        causes.append(APIError.Cause(reason: reason, message: message, field: path.text))
    }

    public mutating func required(_ path: FieldPath, _ detail: String = "") {
        add("FieldValueRequired", path, "Required value", detail)
    }

    public mutating func invalid(_ path: FieldPath, _ value: JSON, _ detail: String) {
        add("FieldValueInvalid", path, "Invalid value: \(value.text(.canonical))", detail)
    }

    public mutating func invalid(_ path: FieldPath, _ value: String, _ detail: String) {
        invalid(path, .string(value), detail)
    }

    public mutating func unsupported(_ path: FieldPath, _ value: JSON, _ supported: [JSON]) {
        add(
            "FieldValueNotSupported", path, "Unsupported value: \(value.text())",
            "supported values: \(supported.map { $0.text() }.joined(separator: ", "))")
    }

    public mutating func duplicate(_ path: FieldPath, _ value: JSON) {
        add("FieldValueDuplicate", path, "Duplicate value: \(value.text(.canonical))", "")
    }

    public mutating func notFound(_ path: FieldPath, _ value: String) {
        add("FieldValueNotFound", path, "Not found: \(JSON.string(value).text())", "")
    }

    public mutating func forbidden(_ path: FieldPath, _ detail: String) {
        add("FieldValueForbidden", path, "Forbidden", detail)
    }

    public mutating func tooLong(_ path: FieldPath, _ limit: Int) {
        add("FieldValueTooLong", path, "Too long", "may not be more than \(limit) bytes")
    }

    public mutating func tooMany(_ path: FieldPath, _ count: Int, _ limit: Int) {
        add("FieldValueTooMany", path, "Too many: \(count)", "must have at most \(limit) items")
    }

    /// A value of the wrong type, as custom resources' schemas find it.
    public mutating func wrongType(_ path: FieldPath, _ found: String, _ wanted: String) {
        add(
            "FieldValueTypeInvalid", path, "Invalid value: \"\(found)\"",
            "\(path.text) in body must be of type \(wanted): \"\(found)\"")
    }

    public mutating func append(_ other: FieldProblems) {
        causes += other.causes
        bytes += other.bytes
    }
}
