public import JSONTree

/// The answer to ``RenewMessage``: the new certificate. Never compressed.
public struct RenewedMessage: MessageBody {
    public static var type: String { "renewed" }

    /// PEM, the dialler's certificate first.
    public var certificateChain: String
    /// PEM of the authorities to trust from now on; two while one takes over from the other.
    public var authority: String

    public init(certificateChain: String, authority: String) {
        self.certificateChain = certificateChain
        self.authority = authority
    }

    public init(fields: JSONFields) throws(JSONError) {
        certificateChain = try fields.string("certificateChain")
        authority = try fields.string("authority")
    }

    public func write(into object: inout JSONObject) {
        object["certificateChain"] = .string(certificateChain)
        object["authority"] = .string(authority)
    }
}
