public import JSONTree

/// From a dialler without a certificate: a token for a certificate. A credential: never compressed, never logged.
public struct EnrollMessage: MessageBody {
    public static var type: String { "enroll" }

    /// The token's public name, in hexadecimal.
    public var tokenID: String
    /// The token's secret, base64url. Does not appear in descriptions.
    public var tokenSecret: String
    /// A PKCS #10 request in PEM form. Only its key counts; names in it are ignored.
    public var certificateRequest: String
    /// Who the dialler says it is; the certificate will be made out to this id.
    public var clusterID: String
    /// The dialler's name; a token may be bound to it.
    public var clusterName: String
    /// What the dialler is; a side refuses its own kind.
    public var role: PeerRole

    public init(
        tokenID: String, tokenSecret: String, certificateRequest: String, clusterID: String, clusterName: String,
        role: PeerRole
    ) {
        self.tokenID = tokenID
        self.tokenSecret = tokenSecret
        self.certificateRequest = certificateRequest
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.role = role
    }

    public init(fields: JSONFields) throws(JSONError) {
        tokenID = try fields.string("tokenID", limit: 64)
        tokenSecret = try fields.string("tokenSecret", limit: 128)
        certificateRequest = try fields.string("certificateRequest", limit: 16_384)
        clusterID = try fields.string("clusterID", limit: 128)
        clusterName = try fields.string("clusterName", limit: 253)
        guard let role = PeerRole(rawValue: try fields.string("role", limit: 16)) else {
            throw fields.error("role", "expected hub or agent")
        }
        self.role = role
    }

    public func write(into object: inout JSONObject) {
        object["tokenID"] = .string(tokenID)
        object["tokenSecret"] = .string(tokenSecret)
        object["certificateRequest"] = .string(certificateRequest)
        object["clusterID"] = .string(clusterID)
        object["clusterName"] = .string(clusterName)
        object["role"] = .string(role.rawValue)
    }
}

extension EnrollMessage: CustomStringConvertible, CustomReflectable {
    public var description: String { "enrolment of \(clusterName) (\(clusterID)) with token \(tokenID)" }

    /// Without the secret, so that no dump shows it.
    public var customMirror: Mirror {
        Mirror(self, children: ["tokenID": tokenID, "clusterID": clusterID, "clusterName": clusterName])
    }
}
