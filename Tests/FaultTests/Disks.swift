import Enrolment
import Synchronization

/// What an agent keeps of its peerings, over its lives.
final class PeeringDisk: Sendable {
    private let records: Mutex<[String: PeeringRecord]>

    init(_ records: [String: PeeringRecord] = [:]) { self.records = Mutex(records) }

    var all: [String: PeeringRecord] { records.withLock { $0 } }
    subscript(id: String) -> PeeringRecord? {
        get { records.withLock { $0[id] } }
        set { records.withLock { $0[id] = newValue } }
    }
}

/// The same as one life of the agent sees it.
struct DurablePeerings: PeeringStore {
    let disk: PeeringDisk
    let life: Life

    func load() async throws -> [PeeringRecord] {
        try life.check()
        return disk.all.values.sorted { $0.clusterID < $1.clusterID }
    }

    func save(_ record: PeeringRecord) async throws { try await life.store { disk[record.clusterID] = record } }
    func remove(clusterID: String) async throws { try await life.store { disk[clusterID] = nil } }
}

/// What a hub keeps of the edges that it dials, over its lives.
final class CredentialDisk: Sendable {
    struct Content: Sendable {
        var credentials: [String: PeerCredentials] = [:]
        var epochs: [String: Int] = [:]
        var farewells: [String: Farewell] = [:]
    }

    private let content: Mutex<Content>

    init(_ content: Content = Content()) { self.content = Mutex(content) }

    var all: Content { content.withLock { $0 } }
    func change(_ body: (inout Content) -> Void) { content.withLock { body(&$0) } }
}

/// The same as one life of the hub sees it: step by step as ``FileCredentialStore`` does.
struct DurableCredentials: PeerCredentialStore {
    let disk: CredentialDisk
    let life: Life

    func load(_ clusterID: String) async throws -> PeerCredentials? {
        try life.check()
        return disk.all.credentials[clusterID]
    }

    func save(_ credentials: PeerCredentials) async throws {
        try await life.store { disk.change { $0.epochs[credentials.clusterID] = credentials.epoch } }
        try await life.store { disk.change { $0.credentials[credentials.clusterID] = credentials } }
    }

    func remove(_ clusterID: String) async throws {
        try await life.store { disk.change { $0.credentials[clusterID] = nil } }
    }

    func lastEpoch(_ clusterID: String) async throws -> Int {
        try life.check()
        return disk.all.epochs[clusterID] ?? 0
    }

    func farewells() async throws -> [Farewell] {
        try life.check()
        return disk.all.farewells.values.sorted { $0.clusterID < $1.clusterID }
    }

    func save(_ farewell: Farewell) async throws {
        try await life.store { disk.change { $0.farewells[farewell.clusterID] = farewell } }
    }

    func removeFarewell(_ clusterID: String) async throws {
        try await life.store { disk.change { $0.farewells[clusterID] = nil } }
    }
}
