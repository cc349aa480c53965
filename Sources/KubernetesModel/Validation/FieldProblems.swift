public import JSONTree

/// What is wrong with an object's fields, in Kubernetes' words (`k8s.io/apimachinery/pkg/util/validation/field`).
public struct FieldProblems: Sendable, Hashable {
    public private(set) var causes: [APIError.Cause] = []

    public init() {}

    public var isEmpty: Bool { causes.isEmpty }

    private mutating func add(_ reason: String, _ path: FieldPath, _ message: String, _ detail: String) {
        let message = detail.isEmpty ? message : "\(message): \(detail)"
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
        let list = supported.map { $0.text() }.joined(separator: ", ")
        add("FieldValueNotSupported", path, "Unsupported value: \(value.text())", "supported values: \(list)")
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

    public mutating func append(_ other: FieldProblems) { causes += other.causes }
}
