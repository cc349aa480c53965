public import TLSTransport

/// All peerings that a cluster takes or, as an edge, has joined: changed here only, each change durable before it counts.
public actor PeeringBook {
    private let store: any PeeringStore
    private let now: @Sendable () -> Int
    private let changed: @Sendable (PeeringRecord) -> Void
    /// Of all records; asked in handshakes.
    public nonisolated let revoked = RevocationList()
    private var records: [String: PeeringRecord] = [:]
    private var isChanging = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - changed: told of each record that counts from now on, in the order of the changes; must not wait.
    public init(
        _ store: any PeeringStore, now: @escaping @Sendable () -> Int,
        changed: @escaping @Sendable (PeeringRecord) -> Void = { _ in }
    ) {
        self.store = store
        self.now = now
        self.changed = changed
    }

    /// In the order in which they began.
    public var all: [PeeringRecord] { records.values.sorted { ($0.since, $0.clusterID) < ($1.since, $1.clusterID) } }

    /// What is kept of a peering; `nil` where there is none.
    public func record(_ clusterID: String) -> PeeringRecord? { records[clusterID] }

    /// The peering that a certificate of a connection stands for.
    ///
    /// - Parameter identity: as the handshake proved it; `nil` where there was no certificate.
    /// - Returns: `nil` where there is none, where it is over, or where the certificate is not one of those issued for it.
    public func record(provedBy identity: PeerIdentity?) -> PeeringRecord? {
        guard let identity, let record = records[identity.commonName], !record.isEnding else { return nil }
        return record.isProved(by: identity) ? record : nil
    }

    /// Reads what was saved; before anything else.
    public func load() async throws {
        records = Dictionary(try await store.load().map { ($0.clusterID, $0) }) { $1 }
        revoked.replace(with: records.values)
    }

    /// Changes a record, or makes it: `body` gets the one there is and all others. Saved before this returns; nothing
    /// changes on failure.
    ///
    /// - Parameter body: throws to leave everything as it is.
    @discardableResult
    public func change(
        _ clusterID: String, _ body: @Sendable (PeeringRecord?, [PeeringRecord]) throws -> PeeringRecord
    ) async throws -> PeeringRecord {
        await begin()
        defer { end() }
        var record = try body(records[clusterID], records.values.filter { $0.clusterID != clusterID })
        record.prune(now: now())
        guard record != records[clusterID] else { return record }
        try await store.save(record)
        records[clusterID] = record
        revoked.replace(with: records.values)
        changed(record)
        return record
    }

    /// Makes all certificates of a peer worthless and leaves the peering as it is. Durable, and known to handshakes, on return.
    ///
    /// - Returns: the certificates that were good until now; none where this cluster has issued none.
    public func revoke(_ clusterID: String) async throws -> [IssuedCertificate] {
        let before = Set(records[clusterID]?.revoked ?? [])
        do {
            let record = try await change(clusterID) { known, _ in
                guard var record = known else { throw NotPeered() }
                record.revokeAll()
                return record
            }
            return record.revoked.filter { !before.contains($0) }
        } catch is NotPeered {
            return []
        }
    }

    /// Forgets a peering that is still ending.
    ///
    /// - Returns: false where the hub has peered again meanwhile.
    public func removeEnded(_ clusterID: String) async throws -> Bool {
        await begin()
        defer { end() }
        guard let record = records[clusterID] else { return true }
        guard record.isEnding else { return false }
        try await store.remove(clusterID: clusterID)
        records[clusterID] = nil
        revoked.replace(with: records.values)
        return true
    }

    // Writing suspends; changes wait for each other, so that none is lost.
    private func begin() async {
        if isChanging { await withCheckedContinuation { waiting.append($0) } }
        isChanging = true
    }

    private func end() {
        if waiting.isEmpty { isChanging = false } else { waiting.removeFirst().resume() }
    }
}
