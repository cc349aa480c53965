import Digests
public import JSONTree
public import TLSTransport

/// What a cluster keeps of a peering that it takes, across restarts: an edge of its hub, a hub of an edge that dials it.
public struct PeeringRecord: Sendable, Hashable {
    /// The peer's id, which its certificates are made out to.
    public var clusterID: String
    /// The peer's name, fixed as long as the peering lasts.
    public var clusterName: String
    /// At an edge, the highest epoch that the hub has named: a hub with a lower one is refused. At a hub, the peering's.
    public var epoch: Int
    /// Certificates that the peer may show; none where this cluster is the one that dials.
    public var issued: [IssuedCertificate]
    /// Certificates that were issued to this peer and are good no more.
    public var revoked: [IssuedCertificate]
    /// The SHA-256 of the public key of the authority whose certificate the peer showed last, in hexadecimal; `nil` where it
    /// has shown none.
    public var authority: String?
    /// When the peering began, in seconds since 1970.
    public var since: Int
    /// Where this cluster dials the peer: `tls://HOST:PORT`; `nil` where the peer dials.
    public var address: String?
    /// Whether the peering is over and what is left of it is being removed.
    public var isEnding: Bool
    /// At an edge, when its hub was last known to have been heard; `nil` where nothing goes by it.
    public var heard: HeardMark?
    /// At an edge, when it was first noted that the certificates of the peering are revoked: the hub's (``isRevoked``), or its own,
    /// where it dials; `nil` where they are not, or it has not been noted yet.
    public var revokedSince: HeardMark?

    public init(
        clusterID: String, clusterName: String, epoch: Int = 0, issued: [IssuedCertificate] = [],
        revoked: [IssuedCertificate] = [], since: Int, address: String? = nil, isEnding: Bool = false,
        heard: HeardMark? = nil
    ) {
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.epoch = epoch
        self.issued = issued
        self.revoked = revoked
        self.since = since
        self.address = address
        self.isEnding = isEnding
        self.heard = heard
    }

    /// Whether the peer's certificates were revoked and it has not enrolled anew: the peering stays, and waits for it.
    public var isRevoked: Bool { issued.isEmpty && !revoked.isEmpty && address == nil }

    /// Whether certificates of the peering may be revoked: where the peer dials they are known to be, where it is dialled that is
    /// for the peer to say.
    public var mayBeRevoked: Bool { isRevoked || address != nil }

    /// Whether a certificate is one of those that the peer may show.
    public func isProved(by identity: PeerIdentity) -> Bool {
        let fingerprint = Hex.encode(identity.leaf.fingerprint)
        return issued.contains { $0.fingerprint == fingerprint }
    }

    /// Makes all certificates worthless.
    public mutating func revokeAll() {
        revoked += issued
        issued = []
    }

    /// Makes the certificates of every other key worthless.
    mutating func revoke(keysOtherThan keyHash: String) {
        revoked += issued.filter { $0.keyHash != keyHash }
        issued.removeAll { $0.keyHash != keyHash }
    }

    /// Forgets certificates that nobody can use any more.
    mutating func prune(now: Int) {
        // Clocks may differ: a day more costs nothing.
        issued.removeAll { $0.notAfter + 86_400 < now }
        revoked.removeAll { $0.notAfter + 86_400 < now }
    }
}

extension PeeringRecord {
    /// - Throws: `JSONError` naming the field.
    public init(json: JSON) throws(JSONError) {
        let fields = try JSONFields(json, at: "peering")
        func certificates(_ key: String) throws(JSONError) -> [IssuedCertificate] {
            var result: [IssuedCertificate] = []
            for (name, value) in try fields.elements(key, limit: 10_000) {
                result.append(try IssuedCertificate(fields: JSONFields(value, at: name)))
            }
            return result
        }
        var heard: HeardMark?
        if let inner = try fields.optionalObject("heard") { heard = try HeardMark(fields: inner) }
        var revokedSince: HeardMark?
        if let inner = try fields.optionalObject("revokedSince") { revokedSince = try HeardMark(fields: inner) }
        self.init(
            clusterID: try fields.string("clusterID", limit: 63),
            clusterName: try fields.string("clusterName", limit: 253),
            epoch: try fields.int("epoch"), issued: try certificates("issued"), revoked: try certificates("revoked"),
            since: try fields.int("since"), address: try fields.optionalString("address", limit: 512),
            isEnding: try fields.optionalBool("ending") ?? false, heard: heard)
        authority = try fields.optionalString("authority", limit: 64)
        self.revokedSince = revokedSince
    }

    /// As ``init(json:)`` reads it.
    public var json: JSON {
        var json: JSON = [
            "clusterID": .string(clusterID), "clusterName": .string(clusterName), "epoch": JSON(epoch),
            "issued": .array(issued.map(\.json)), "revoked": .array(revoked.map(\.json)), "since": JSON(since),
        ]
        if let authority { json["authority"] = .string(authority) }
        if let address { json["address"] = .string(address) }
        if isEnding { json["ending"] = true }
        if let heard { json["heard"] = heard.json }
        if let revokedSince { json["revokedSince"] = revokedSince.json }
        return json
    }
}
