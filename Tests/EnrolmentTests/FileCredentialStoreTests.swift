import Glibc
import PeerTransport
import TLSTransport
import TestKit
import Testing

@testable import Enrolment

@Suite("The hub's credentials in files") struct FileCredentialStoreTests {
    private let folder = TemporaryFolder()

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test("what is kept is read again, is nobody else's to read, and its epoch outlives it")
    func roundTrip() async throws {
        let store = try FileCredentialStore(stateFolder: folder.path)
        #expect(try await store.load("rome-1") == nil)
        #expect(try await store.lastEpoch("rome-1") == 0)
        let kept = try PeerCredentials.rome(epoch: 7)
        try await store.save(kept)
        let read = try #require(try await FileCredentialStore(stateFolder: folder.path).load("rome-1"))
        #expect(read.clusterName == "rome" && read.epoch == 7)
        #expect(read.identity.certificatesPEM == kept.identity.certificatesPEM)
        #expect(read.authorities == kept.authorities)
        #expect(mode(folder.path + "/peers") == 0o700)
        #expect(mode(folder.path + "/peers/rome-1.json") == 0o600)
        #expect(mode(folder.path + "/peers/rome-1.epoch") == 0o600)
        try await store.remove("rome-1")
        try await store.remove("rome-1")
        #expect(try await store.load("rome-1") == nil)
        #expect(try await store.lastEpoch("rome-1") == 7)
    }

    @Test("a farewell outlives the credentials, one an edge")
    func farewells() async throws {
        let store = try FileCredentialStore(stateFolder: folder.path)
        let address = PeerAddress(host: "192.0.2.1", port: 7443)
        try await store.save(Farewell(credentials: try PeerCredentials.rome(epoch: 1), address: address))
        try await store.save(Farewell(credentials: try PeerCredentials.rome(epoch: 2), address: address))
        try await store.save(Farewell(credentials: try PeerCredentials.rome("milan-1", epoch: 3), address: address))
        try await store.remove("rome-1")
        #expect(mode(folder.path + "/peers/rome-1.farewell") == 0o600)
        let read = try await FileCredentialStore(stateFolder: folder.path).farewells()
        #expect(read.map(\.clusterID) == ["milan-1", "rome-1"])
        #expect(read.map(\.credentials.epoch) == [3, 2] && read.allSatisfy { $0.address == address })
        try await store.removeFarewell("rome-1")
        try await store.removeFarewell("rome-1")
        #expect(try await store.farewells().map(\.clusterID) == ["milan-1"])
    }

    @Test(
        "an id that leads elsewhere is refused",
        arguments: ["", "../x", "a/b", ".", "a.b", String(repeating: "a", count: 65)])
    func hostile(id: String) async throws {
        let store = try FileCredentialStore(stateFolder: folder.path)
        await #expect(throws: TLSError.self) { _ = try await store.load(id) }
        await #expect(throws: TLSError.self) { try await store.remove(id) }
        await #expect(throws: TLSError.self) { try await store.removeFarewell(id) }
        await #expect(throws: TLSError.self) { _ = try await store.lastEpoch(id) }
    }
}
