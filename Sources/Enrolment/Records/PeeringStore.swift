/// Where a cluster keeps its peerings. What was saved survives a crash at any time.
public protocol PeeringStore: Sendable {
    /// All records.
    func load() async throws -> [PeeringRecord]

    /// Stores a record in place of the one with the same cluster id; durable on return.
    func save(_ record: PeeringRecord) async throws

    /// Removes a record, if there is one; durable on return.
    func remove(clusterID: String) async throws
}
