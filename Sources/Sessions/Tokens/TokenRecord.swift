public import JSONTree
public import Wire

/// What the issuer keeps of a token: a hash, until when it is good, and whether it was used. Stored as a Secret.
public struct TokenRecord: Sendable, Hashable {
    /// The life of a token unless told otherwise, in seconds.
    public static let defaultLifetime = 15 * 60
    /// The longest life of a token, in seconds: a day.
    public static let maximumLifetime = 24 * 3600

    /// Who used the token.
    public struct Use: Sendable, Hashable {
        /// Seconds since 1970.
        public var time: Int
        /// The SHA-256 of the SubjectPublicKeyInfo that came with it.
        public var keyHash: [UInt8]

        public init(time: Int, keyHash: [UInt8]) {
            self.time = time
            self.keyHash = keyHash
        }
    }

    /// As ``PeerToken/id``.
    public let id: String
    /// The SHA-256 of the secret.
    public let secretHash: [UInt8]
    /// The last second in which the token is good, in seconds since 1970.
    public let expiry: Int
    /// The only cluster name that may use it; `nil` for any.
    public let boundName: String?
    /// The daemon of the cluster that takes it: a hub takes edges that join, an agent takes hubs; `nil` for either.
    public let issuer: PeerRole?
    public private(set) var use: Use?
    /// The ids of clusters that were shut out after the token was made, and may not come back by it.
    public private(set) var excluded: Set<String> = []

    /// - Parameters:
    ///   - secretHash: the SHA-256 of ``PeerToken/secret``.
    ///   - now: seconds since 1970.
    ///   - lifetime: seconds, at least 1 and at most ``maximumLifetime``.
    public init(
        token: PeerToken, secretHash: [UInt8], now: Int, lifetime: Int = defaultLifetime, boundName: String? = nil,
        issuer: PeerRole? = nil
    ) throws(TokenError) {
        guard (1...Self.maximumLifetime).contains(lifetime) else {
            throw TokenError(
                .lifetime, "a token cannot live \(lifetime) s; choose 1 s to \(Self.maximumLifetime) s (24 h)")
        }
        self.init(
            id: token.id, secretHash: secretHash, expiry: now + lifetime, boundName: boundName, issuer: issuer,
            use: nil,
            excluded: [])
    }

    private init(
        id: String, secretHash: [UInt8], expiry: Int, boundName: String?, issuer: PeerRole?, use: Use?,
        excluded: Set<String>
    ) {
        self.id = id
        self.secretHash = secretHash
        self.expiry = expiry
        self.boundName = boundName
        self.issuer = issuer
        self.use = use
        self.excluded = excluded
    }

    /// The record with its used-mark, to be stored before the certificate is issued.
    public func used(at time: Int, keyHash: [UInt8]) -> TokenRecord {
        var record = self
        record.use = Use(time: time, keyHash: keyHash)
        return record
    }

    /// No more clusters than so many are kept apart.
    public static let maximumExcluded = 64

    /// The record of a token by which a cluster cannot come, whoever else may.
    ///
    /// - Returns: `nil` where that is not worth keeping: the token was made for that cluster's name, or there are too many such
    ///   clusters; nobody shall use it then.
    public func excluding(_ clusterID: String, name: String) -> TokenRecord? {
        guard boundName != name, excluded.contains(clusterID) || excluded.count < Self.maximumExcluded else {
            return nil
        }
        var record = self
        record.excluded.insert(clusterID)
        return record
    }

    /// Whether nobody can get an answer with it any more.
    public func isOver(now: Int) -> Bool {
        if let use { return now > use.time + TokenVerification.repeatWindow }
        return now > expiry
    }
}

// MARK: - As a Secret

extension TokenRecord {
    /// The `type` of the Secrets that hold records.
    public static let secretType = "causeway.io/peer-token"

    /// The Secret's `data`: every value in base 64.
    public var secretData: JSON {
        var values: [(String, [UInt8])] = [
            ("id", Array(id.utf8)), ("hash", secretHash), ("expiry", Array(String(expiry).utf8)),
        ]
        if let boundName { values.append(("name", Array(boundName.utf8))) }
        if let issuer { values.append(("issuer", Array(issuer.rawValue.utf8))) }
        if !excluded.isEmpty { values.append(("excluded", Array(excluded.sorted().joined(separator: ",").utf8))) }
        if let use {
            values.append(("usedAt", Array(String(use.time).utf8)))
            values.append(("usedBy", use.keyHash))
        }
        return .object(JSONObject(values.map { ($0.0, JSON.string(Base64Text.encode($0.1))) }))
    }

    /// Reads a Secret's `data`.
    ///
    /// - Throws: ``TokenError/Code/record`` naming the key.
    public init(secretData data: JSON?) throws(TokenError) {
        func bytes(_ key: String) throws(TokenError) -> [UInt8]? {
            guard let value = data?[key] else { return nil }
            guard let text = value.string, let bytes = Base64Text.decode(text) else {
                throw TokenError(.record, "the token record's “\(key)” is not base 64; delete the Secret")
            }
            return bytes
        }
        func number(_ key: String) throws(TokenError) -> Int? {
            guard let bytes = try bytes(key) else { return nil }
            guard let number = Int(String(decoding: bytes, as: UTF8.self)) else {
                throw TokenError(.record, "the token record's “\(key)” is no number; delete the Secret")
            }
            return number
        }
        guard let id = try bytes("id").map({ String(decoding: $0, as: UTF8.self) }), PeerToken.isID(id),
            let hash = try bytes("hash"), hash.count == 32, let expiry = try number("expiry")
        else {
            throw TokenError(.record, "the token record lacks a sound “id”, “hash” or “expiry”; delete the Secret")
        }
        var issuer: PeerRole?
        if let word = try bytes("issuer") {
            guard let role = PeerRole(rawValue: String(decoding: word, as: UTF8.self)) else {
                throw TokenError(.record, "the token record's “issuer” is neither hub nor agent; delete the Secret")
            }
            issuer = role
        }
        var use: Use?
        if let time = try number("usedAt") { use = Use(time: time, keyHash: try bytes("usedBy") ?? []) }
        let excluded = try bytes("excluded").map { String(decoding: $0, as: UTF8.self).split(separator: ",") } ?? []
        self.init(
            id: id, secretHash: hash, expiry: expiry,
            boundName: try bytes("name").map { String(decoding: $0, as: UTF8.self) }, issuer: issuer, use: use,
            excluded: Set(excluded.map(String.init)))
    }
}
