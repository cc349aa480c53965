import Enrolment

/// For agents that dial nobody.
struct NoCredentials: PeerCredentialStore {
    func load(_ clusterID: String) async throws -> PeerCredentials? { nil }
    func save(_ credentials: PeerCredentials) async throws {}
    func remove(_ clusterID: String) async throws {}
    func lastEpoch(_ clusterID: String) async throws -> Int { 0 }
    func farewells() async throws -> [Farewell] { [] }
    func save(_ farewell: Farewell) async throws {}
    func removeFarewell(_ clusterID: String) async throws {}
}
