public import JSONTree

/// The answer to an enrolment: the dialler's certificate, and who issued it. Never compressed.
public struct EnrolledMessage: MessageBody {
    public static var type: String { "enrolled" }

    /// PEM, the dialler's certificate first.
    public var certificateChain: String
    /// PEM of the issuer's authority: what the dialler trusts on its next connections, and pinned on this one.
    public var authority: String
    /// Who issued it; equal to the id in the listener's certificate.
    public var clusterID: String
    public var clusterName: String

    public init(certificateChain: String, authority: String, clusterID: String, clusterName: String) {
        self.certificateChain = certificateChain
        self.authority = authority
        self.clusterID = clusterID
        self.clusterName = clusterName
    }

    public init(fields: JSONFields) throws(JSONError) {
        certificateChain = try fields.string("certificateChain")
        authority = try fields.string("authority")
        clusterID = try fields.string("clusterID", limit: 128)
        clusterName = try fields.string("clusterName", limit: 253)
    }

    public func write(into object: inout JSONObject) {
        object["certificateChain"] = .string(certificateChain)
        object["authority"] = .string(authority)
        object["clusterID"] = .string(clusterID)
        object["clusterName"] = .string(clusterName)
    }
}
