public import Wire

/// Decides whether a presented token is good. Pure: the caller looks the record up, hashes, and stores the result.
public enum TokenVerification: Sendable, Hashable {
    /// Good. Store this record, and only then issue the certificate; when storing fails because the record was changed by
    /// somebody else, verify again.
    case accepted(TokenRecord)
    /// Used a moment ago by the same key, whose answer may have been lost: issue again, nothing needs storing.
    case repeated(TokenRecord)
    /// Not good. One answer for unknown, expired, used, wrong, bound to another name, and older than the end of the peering that
    /// it is to begin anew.
    case refused

    /// How long the same key may ask again, in seconds.
    public static let repeatWindow = 10

    /// The words of every refusal, on the wire and to the user.
    public static let refusalMessage =
        "the token was refused: it is wrong, expired or already used; generate a new one and peer again"

    /// What came with an enrolment.
    public struct Presented: Sendable, Hashable {
        /// The SHA-256 of the secret.
        public var secretHash: [UInt8]
        /// The cluster name that the dialler goes by.
        public var clusterName: String
        /// The id that the dialler says it has.
        public var clusterID: String
        /// The SHA-256 of the SubjectPublicKeyInfo in the certificate request.
        public var keyHash: [UInt8]
        /// The daemon that it came to: a cluster may have a hub and an agent, and a token is for one of them.
        public var issuer: PeerRole

        public init(
            secretHash: [UInt8], clusterName: String, clusterID: String, keyHash: [UInt8], issuer: PeerRole
        ) {
            self.secretHash = secretHash
            self.clusterName = clusterName
            self.clusterID = clusterID
            self.keyHash = keyHash
            self.issuer = issuer
        }
    }

    /// Why a token was refused, for the issuer's own log; whoever brought it is told ``refusalMessage`` and nothing else.
    public static func reason(
        _ record: TokenRecord?, presented: Presented, now: Int, equals: ([UInt8], [UInt8]) -> Bool
    ) -> String {
        guard let record else { return "there is no such token" }
        if !equals(record.secretHash, presented.secretHash) { return "its secret is wrong" }
        if let issuer = record.issuer, issuer != presented.issuer {
            return "it was made for the cluster's \(issuer.rawValue)"
        }
        if let name = record.boundName, name != presented.clusterName { return "it is bound to the name \(name)" }
        if record.excluded.contains(presented.clusterID) {
            return "the peering with this very cluster was ended or revoked after the token was made"
        }
        if let use = record.use {
            return equals(use.keyHash, presented.keyHash)
                ? "it was used \(now - use.time) s ago" : "it was used by another peer"
        }
        return
            "it expired \(now - record.expiry) s ago; if that is wrong, check the clocks of this machine and of the one "
            + "where it was made"
    }

    /// - Parameters:
    ///   - record: the record of the token's id; `nil` where there is none. The same work is done then.
    ///   - now: seconds since 1970.
    ///   - equals: compares two byte strings in constant time.
    public static func verify(
        _ record: TokenRecord?, presented: Presented, now: Int, equals: ([UInt8], [UInt8]) -> Bool
    ) -> TokenVerification {
        let expected = record?.secretHash ?? [UInt8](repeating: 0, count: 32)
        let isRight = equals(expected, presented.secretHash)
        guard let record, isRight, record.boundName == nil || record.boundName == presented.clusterName,
            record.issuer == nil || record.issuer == presented.issuer, !record.excluded.contains(presented.clusterID)
        else { return .refused }
        guard let use = record.use else {
            guard now <= record.expiry else { return .refused }
            return .accepted(record.used(at: now, keyHash: presented.keyHash))
        }
        guard equals(use.keyHash, presented.keyHash), now >= use.time, now - use.time <= repeatWindow else {
            return .refused
        }
        return .repeated(record)
    }
}
