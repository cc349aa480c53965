import Enrolment
import Synchronization

@testable import Agent

/// Peerings that live as long as the test.
final class MemoryStore: PeeringStore {
    private let records: Mutex<[String: PeeringRecord]>
    init(_ records: [PeeringRecord] = []) {
        self.records = Mutex(Dictionary(records.map { ($0.clusterID, $0) }) { $1 })
    }
    var all: [PeeringRecord] { records.withLock { Array($0.values) } }
    func load() async throws -> [PeeringRecord] { all }
    func save(_ record: PeeringRecord) async throws { records.withLock { $0[record.clusterID] = record } }
    func remove(clusterID: String) async throws { records.withLock { $0[clusterID] = nil } }
}
