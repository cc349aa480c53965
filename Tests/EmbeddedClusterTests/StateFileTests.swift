import Glibc
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOHTTP1
import TestKit
import Testing

@testable import EmbeddedCluster

/// What the machine may do to a state folder.
@Suite("State files in trouble", .serialized)
struct StateFileTests {
    private static let collection = "/api/v1/namespaces/default/configmaps"

    private static func create(_ http: HTTPClient, _ name: String, bytes: Int) async throws -> (Int, String) {
        let object: JSON = [
            "metadata": ["name": .string(name)], "data": ["v": .string(String(repeating: "x", count: bytes))],
        ]
        return try await http.send(.POST, collection, headers: ["Content-Type": "application/json"], object.text())
    }

    private static func names(_ http: HTTPClient) async throws -> [String] {
        let list = try JSON(parsing: try await http.get(collection).1)
        return (list["items"]?.array ?? []).compactMap { $0["metadata", "name"]?.string }
    }

    @Test(
        "a full disk refuses writes with a clear Status, reads go on, and writes do by themselves when there is room (F15)",
        .enabled(if: TinyDisk.isPossible))
    func fullDisk() async throws {
        let disk = try TinyDisk(size: 16 << 20)
        let served = try await ServedCluster(folder: TemporaryFolder(at: disk.path))
        let http = try served.administrator()
        #expect(try await Self.create(http, "before", bytes: 100_000).0 == 201)
        try disk.fill(leaving: 1 << 20)
        var written = ["before"]
        var refusal: (Int, String) = (0, "")
        for turn in 0..<100 where refusal.0 == 0 {
            let answer = try await Self.create(http, "n\(100 + turn)", bytes: 100_000)
            if answer.0 == 201 { written.append("n\(100 + turn)") } else { refusal = answer }
        }
        #expect(refusal.0 == 503)
        let status = try JSON(parsing: refusal.1)
        #expect(status["kind"] == "Status")
        #expect(status["message"]?.string?.contains("no room on the disk of \(disk.path)/state.db") == true)
        #expect(try await Self.names(http) == written)
        #expect(try await http.get("/readyz").0 == 200)
        #expect(try await http.send(.DELETE, "\(Self.collection)/before").0 == 503)

        disk.makeRoom()
        #expect(try await Self.create(http, "z", bytes: 100_000).0 == 201)
        #expect(try await http.send(.DELETE, "\(Self.collection)/before").0 == 200)
        written = written.dropFirst() + ["z"]
        #expect(try await Self.names(http) == written)
        http.shutDown()
        await served.stop()

        let again = try await ServedCluster(folder: TemporaryFolder(at: disk.path))
        let reopened = try again.administrator()
        #expect(try await Self.names(reopened) == written)
        reopened.shutDown()
        await again.stop()
    }

    @Test("a read-only disk is refused by the name of its file (F15)", .enabled(if: TinyDisk.isPossible))
    func readOnly() async throws {
        let disk = try TinyDisk(size: 16 << 20)
        let store = try ObjectStore(folder: disk.path)
        _ = await ObjectStoreTests.put(store, "a")
        store.close()
        try disk.makeReadOnly()
        #expect {
            try ObjectStore(folder: disk.path)
        } throws: { error in
            let error = error as? StoreError
            return error?.code == .inputOutput && error?.message.contains("\(disk.path)/lock") == true
                && error?.message.contains("Read-only") == true
        }
    }

    @Test("a folder that is a file is refused by its name")
    func noFolder() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/file"
        try TestFile.write([1], to: path)
        await #expect {
            _ = try await EmbeddedCluster.open(ClusterConfiguration(name: "x", stateFolder: path, servesHTTPS: false))
        } throws: { error in
            (error as? StoreError)?.message.contains(path) == true
        }
    }

    @Test("another process that has the folder is named by its lock, and keeps working")
    func secondProcess() async throws {
        let server = try ServerProcess(folder: TemporaryFolder())
        let client = try await server.client()
        await #expect {
            _ = try await EmbeddedCluster.open(ClusterConfiguration(name: "x", stateFolder: server.folder.path))
        } throws: { error in
            let error = error as? StoreError
            return error?.code == .locked && error?.message.contains("\(server.folder.path)/lock") == true
        }
        #expect(try await Self.create(client, "a", bytes: 10).0 == 201)
        client.shutDown()
        server.kill()
    }

    @Test("a file of a later version is refused and left as it is")
    func newer() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        do {
            let store = try ObjectStore(folder: folder.path)
            _ = await ObjectStoreTests.put(store, "a")
            store.close()
            let file = try SQLiteConnection(path: path)
            try file.execute("PRAGMA user_version = \(ObjectLog.schemaVersion + 1)")
        }
        let before = try TestFile.read(path)
        #expect {
            try ObjectStore(folder: folder.path)
        } throws: { error in
            (error as? StoreError)?.code == .newer && "\(error)".contains(path)
        }
        #expect(try TestFile.read(path) == before)
    }

    /// The files of a store that was not closed, as a crash leaves them: `count` objects, one a commit.
    private static func crashed(_ count: Int) async throws -> (database: [UInt8], log: [UInt8]) {
        let folder = try TemporaryFolder()
        let store = try ObjectStore(folder: folder.path)
        for number in 1...count { _ = await ObjectStoreTests.put(store, "n\(number)") }
        let files = (
            try TestFile.read(folder.path + "/state.db"), try TestFile.read(folder.path + "/state.db-wal")
        )
        store.close()
        return files
    }

    @Test("a write-ahead log that is cut or damaged gives every commit before the damage, whole, and none after it (F15, I4)")
    func damagedLog() async throws {
        let count = 40
        let (database, log) = try await Self.crashed(count)
        var choices = SeededChoices(seed: CrashSettings.seed)
        for turn in 0..<60 {
            let folder = try TemporaryFolder()
            let place = Int.random(in: 0..<log.count, using: &choices)
            var damaged = log
            if turn % 2 == 0 { damaged.removeSubrange(place...) } else { damaged[place] ^= 0x55 }
            try TestFile.write(database, to: folder.path + "/state.db")
            try TestFile.write(damaged, to: folder.path + "/state.db-wal")
            do {
                let store = try ObjectStore(folder: folder.path)
                let left = store.revision
                let names = Set(store.objects(ObjectStoreTests.maps, in: "default").objects.map(\.key.name))
                #expect(names == Set((0..<left).map { "n\($0 + 1)" }), "seed \(CrashSettings.seed), place \(place)")
                _ = try ObjectStoreTests.stored(await ObjectStoreTests.put(store, "next"))
                store.close()
            } catch let error as StoreError {
                // Without the first frames there is no table yet.
                #expect([.corrupt, .inputOutput].contains(error.code), "\(error)")
            }
        }
    }

    @Test("a file with any byte changed is opened or refused by name, and never brings the process down")
    func changedBytes() async throws {
        let source = try TemporaryFolder()
        do {
            let store = try ObjectStore(folder: source.path)
            for number in 1...60 { _ = await ObjectStoreTests.put(store, "n\(number)") }
            store.close()
        }
        let bytes = try TestFile.read(source.path + "/state.db")
        var choices = SeededChoices(seed: CrashSettings.seed)
        for _ in 0..<150 {
            let folder = try TemporaryFolder()
            let path = folder.path + "/state.db"
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &choices) {
                damaged[Int.random(in: 0..<damaged.count, using: &choices)] ^= UInt8.random(
                    in: 1...255, using: &choices)
            }
            if Bool.random(using: &choices) {
                damaged.removeSubrange(Int.random(in: 1..<damaged.count, using: &choices)...)
            }
            try TestFile.write(damaged, to: path)
            do {
                let store = try ObjectStore(folder: folder.path)
                store.close()
            } catch {
                #expect(error.message.contains(path) || error.code == .corrupt, "\(error)")
                #expect(
                    try TestFile.read(path) == damaged, "seed \(CrashSettings.seed): refused, but changed: \(error)")
            }
        }
    }
}
