public import JSONTree

/// Why a program could not be run, or not to its end: the edge's refusal, as its API worded it.
public struct ContainerFailure: Sendable, Hashable {
    /// The HTTP status code.
    public var code: Int
    /// Kubernetes' word for programs, such as `NotFound`.
    public var reason: String
    /// A sentence for the user. Cut to ``maximumMessage`` characters.
    public var message: String

    /// Longer messages are cut, so that a record can hold them however they are escaped.
    public static let maximumMessage = 1024

    public init(code: Int, reason: String, message: String) {
        self.code = code
        self.reason = String(reason.unicodeScalars.prefix(64))
        self.message = String(message.unicodeScalars.prefix(Self.maximumMessage))
    }

    /// - Throws: `JSONError` naming the field.
    public init(json: JSON) throws(JSONError) {
        let fields = try JSONFields(json, at: "failure")
        self.init(
            code: try fields.int("code", in: 400...599), reason: try fields.optionalString("reason", limit: 512) ?? "",
            message: try fields.string("message", limit: 8 << 10))
    }

    public var json: JSON { ["code": JSON(code), "reason": .string(reason), "message": .string(message)] }
}
