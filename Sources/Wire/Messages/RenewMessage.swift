public import JSONTree

/// Asks the listening side for a new certificate over a connection that the old one still proves. Never compressed.
public struct RenewMessage: MessageBody {
    public static var type: String { "renew" }

    /// A PKCS #10 request in PEM form. Only its key counts: the subject is that of the connection.
    public var certificateRequest: String

    public init(certificateRequest: String) { self.certificateRequest = certificateRequest }

    public init(fields: JSONFields) throws(JSONError) {
        certificateRequest = try fields.string("certificateRequest", limit: 16_384)
    }

    public func write(into object: inout JSONObject) { object["certificateRequest"] = .string(certificateRequest) }
}
