import FoundationEssentials
import Glibc
import Testing

@testable import Enrolment

@Suite struct FilePeeringStoreTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/causeway-\(UInt64.random(in: 0 ... .max))"

    @Test("records survive, readable by their owner only, and go when removed")
    func roundTrip() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = FilePeeringStore(stateFolder: folder)
        #expect(try await store.load().isEmpty)
        var record = PeeringRecord(
            clusterID: "a-1", clusterName: "cloud", epoch: 3,
            issued: [IssuedCertificate(fingerprint: "aa", keyHash: "bb", notAfter: 5)], since: 7)
        try await store.save(record)
        record.revokeAll()
        record.isEnding = true
        record.heard = HeardMark(boot: "b", uptime: 12, time: 34)
        try await store.save(record)
        #expect(try await FilePeeringStore(stateFolder: folder).load() == [record])
        var information = stat()
        #expect(stat(folder + "/peerings/a-1.json", &information) == 0)
        #expect(information.st_mode & 0o777 == 0o600)
        try await store.remove(clusterID: "a-1")
        try await store.remove(clusterID: "a-1")
        #expect(try await store.load().isEmpty)
    }

    @Test("an id that is no file name is refused", arguments: ["", "../x", "a/b", "-a", "a."])
    func names(_ id: String) async {
        await #expect(throws: PeeringStoreError.self) {
            try await FilePeeringStore(stateFolder: folder).save(
                PeeringRecord(clusterID: id, clusterName: "c", since: 0))
        }
    }
}
