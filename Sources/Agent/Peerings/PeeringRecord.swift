public import JSONTree

/// What the agent keeps of its peering with one hub, across restarts.
public struct PeeringRecord: Sendable, Hashable {
    /// The hub's id, which its certificates are made out to.
    public var clusterID: String
    /// The hub's name, fixed as long as the peering lasts.
    public var clusterName: String
    /// The highest epoch that the hub has named; a hub with a lower one is refused.
    public var epoch: Int
    /// Certificates that the hub may show.
    public var issued: [IssuedCertificate]
    /// Certificates that were issued to this hub and are good no more.
    public var revoked: [IssuedCertificate]
    /// When the peering began, in seconds since 1970.
    public var since: Int
    /// Whether the peering is over and what ran for the hub is being removed.
    public var isEnding: Bool

    public init(
        clusterID: String, clusterName: String, epoch: Int = 0, issued: [IssuedCertificate] = [],
        revoked: [IssuedCertificate] = [], since: Int, isEnding: Bool = false
    ) {
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.epoch = epoch
        self.issued = issued
        self.revoked = revoked
        self.since = since
        self.isEnding = isEnding
    }

    /// Makes all certificates worthless.
    mutating func revokeAll() {
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
        self.init(
            clusterID: try fields.string("clusterID", limit: 63),
            clusterName: try fields.string("clusterName", limit: 253),
            epoch: try fields.int("epoch"), issued: try certificates("issued"), revoked: try certificates("revoked"),
            since: try fields.int("since"), isEnding: try fields.optionalBool("ending") ?? false)
    }

    /// As ``init(json:)`` reads it.
    public var json: JSON {
        var json: JSON = [
            "clusterID": .string(clusterID), "clusterName": .string(clusterName), "epoch": JSON(epoch),
            "issued": .array(issued.map(\.json)), "revoked": .array(revoked.map(\.json)), "since": JSON(since),
        ]
        if isEnding { json["ending"] = true }
        return json
    }
}
