import JSONTree
import KubernetesModel
import Synchronization
import Testing

@testable import EmbeddedCluster

@Suite("The object store")
struct ObjectStoreTests {
    static let maps = ResourceID(.configMaps)

    static func reference(_ name: String) -> ObjectReference {
        ObjectReference(resource: maps, key: ObjectKey(namespace: "default", name: name))
    }

    static func object(_ name: String, _ value: String = "1") -> PreparedObject {
        PreparedObject(
            KubernetesObject(.configMaps, name: name, namespace: "default", ["data": ["v": .string(value)]]),
            managed: [])
    }

    static func put(
        _ store: ObjectStore, _ name: String, _ value: String = "1", over revision: Int? = nil
    ) async -> StoreOutcome {
        await store.write(
            StoreRequest(
                reference(name), expected: revision.map { .revision($0) } ?? .absent, change: .put(object(name, value)))
        )
    }

    static func stored(_ outcome: StoreOutcome) throws -> StoredObject {
        guard case .done(let object) = outcome else {
            Issue.record("not stored: \(outcome)")
            throw StoreError(.closed, "not stored")
        }
        return object
    }

    @Test("a stored object carries its revision, in its tree and in its bytes")
    func revisionInObject() async throws {
        let folder = try TemporaryFolder()
        let store = try ObjectStore(folder: folder.path)
        let object = try Self.stored(await Self.put(store, "a"))
        #expect(object.object.resourceVersion == "1")
        #expect(try JSON(parsing: object.bytes) == object.object.json)
        #expect(store.object(Self.reference("a")) === object)
    }

    @Test("everything that was acknowledged is there after a reopen, and revisions go on")
    func reopen() async throws {
        let folder = try TemporaryFolder()
        var store: ObjectStore? = try ObjectStore(folder: folder.path)
        if let store {
            let first = try Self.stored(await Self.put(store, "a"))
            _ = try Self.stored(await Self.put(store, "a", "2", over: first.revision))
            let gone = try Self.stored(await Self.put(store, "b"))
            let removal = StoreRequest(
                Self.reference("b"), expected: .revision(gone.revision), change: .remove(Self.object("b")))
            _ = try Self.stored(await store.write(removal))
            store.close()
        }
        store = try ObjectStore(folder: folder.path)
        let again = try #require(store)
        #expect(again.revision == 4)
        #expect(again.object(Self.reference("a"))?.object.json["data", "v"]?.string == "2")
        #expect(again.object(Self.reference("b")) == nil)
        #expect(try Self.stored(await Self.put(again, "c")).revision == 5)
    }

    @Test("writes that expect another version are refused with what is there")
    func expectations() async throws {
        let folder = try TemporaryFolder()
        let store = try ObjectStore(folder: folder.path)
        let first = try Self.stored(await Self.put(store, "a"))
        guard case .unexpected(let there) = await Self.put(store, "a") else {
            Issue.record("created twice")
            return
        }
        #expect(there === first)
        guard case .unexpected(nil) = await Self.put(store, "b", over: 7) else {
            Issue.record("updated what is not there")
            return
        }
    }

    @Test("concurrent writes of one version let exactly one through")
    func oneWinner() async throws {
        let folder = try TemporaryFolder()
        let store = try ObjectStore(folder: folder.path)
        let first = try Self.stored(await Self.put(store, "a"))
        let winners = await withTaskGroup(of: Bool.self) { group in
            for turn in 0..<50 {
                group.addTask {
                    if case .done = await Self.put(store, "a", "\(turn)", over: first.revision) { true } else { false }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
    }

    @Test("a follower gets every change once and in order, from history and live")
    func follow() async throws {
        let folder = try TemporaryFolder()
        let store = try ObjectStore(folder: folder.path)
        for name in 0..<20 { _ = await Self.put(store, "n\(name)") }
        let subscription = StoreSubscription(
            resource: Self.maps, namespace: nil, name: nil, after: 5, bookmarkInterval: nil, deadline: nil)
        #expect(store.follow(subscription))
        let writers = Task {
            await withTaskGroup(of: Void.self) { group in
                for name in 20..<200 { group.addTask { _ = await Self.put(store, "n\(name)") } }
            }
        }
        var revisions: [Int] = []
        while revisions.count < 195, let signals = await subscription.next() {
            for case .event(let event) in signals { revisions.append(event.revision) }
        }
        await writers.value
        #expect(revisions == Array(6...200))
    }

    @Test("a follower by an indexed field hears of what comes to have the value, has it, and has it no more")
    func followIndex() async throws {
        let folder = try TemporaryFolder()
        let index = StoreIndex(name: "data.v") { $0.json["data"]?["v"]?.string }
        let store = try ObjectStore(folder: folder.path, indexes: [Self.maps: [index]])
        #expect(store.index("data.other", of: Self.maps) == nil)
        let found = try #require(store.index("data.v", of: Self.maps))
        let subscription = StoreSubscription(
            resource: Self.maps, namespace: nil, name: nil, field: (found, "mine"), after: 0, bookmarkInterval: nil,
            deadline: nil)
        #expect(store.follow(subscription))
        let first = try Self.stored(await Self.put(store, "a", "others"))
        let second = try Self.stored(await Self.put(store, "a", "mine", over: first.revision))
        _ = try Self.stored(await Self.put(store, "b", "others"))
        let third = try Self.stored(await Self.put(store, "a", "others", over: second.revision))
        let fourth = try Self.stored(await Self.put(store, "a", "others still", over: third.revision))
        _ = try Self.stored(await Self.put(store, "c", "mine"))
        var revisions: [Int] = []
        for case .event(let event) in try #require(await subscription.next()) { revisions.append(event.revision) }
        #expect(revisions == [second.revision, third.revision, fourth.revision + 1])
    }

    @Test("a reopened store resumes followers from the file, and says so where compaction took the changes")
    func resume() async throws {
        let folder = try TemporaryFolder()
        var store = try ObjectStore(folder: folder.path)
        var object = try Self.stored(await Self.put(store, "a"))
        for turn in 0..<10 { object = try Self.stored(await Self.put(store, "a", "\(turn)", over: object.revision)) }
        store.close()
        store = try ObjectStore(folder: folder.path, historyEvents: 4)
        func follower(after: Int) -> StoreSubscription {
            StoreSubscription(
                resource: Self.maps, namespace: nil, name: nil, after: after, bookmarkInterval: nil, deadline: nil)
        }
        #expect(!store.follow(follower(after: 3)))
        let resumed = follower(after: 8)
        #expect(store.follow(resumed))
        let signals = try #require(await resumed.next())
        #expect(signals.count == 3)
    }

    @Test("compaction keeps what exists and drops the rest of the file's history")
    func compaction() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        do {
            let log = try ObjectLog(path: path)
            func row(_ revision: Int, _ name: String, previous: Int, deleted: Bool = false) -> ObjectLog.Row {
                ObjectLog.Row(
                    revision: revision, reference: Self.reference(name), isCreation: previous == 0,
                    isDeletion: deleted, previous: previous,
                    value: Self.object(name).stored(Self.reference(name), revision: revision).bytes)
            }
            try log.append([
                row(1, "a", previous: 0), row(2, "b", previous: 0), row(3, "a", previous: 1),
                row(4, "b", previous: 2, deleted: true), row(5, "c", previous: 0),
            ])
            try log.compact(to: 4)
            var left: [Int] = []
            try log.load { left.append($0.revision) }
            #expect(left == [3, 5])
        }
        let store = try ObjectStore(folder: folder.path)
        #expect(store.revision == 5)
        #expect(store.objects(Self.maps, in: "default").objects.map(\.key.name) == ["a", "c"])
    }

    @Test("a second store on the same folder is refused")
    func locked() throws {
        let folder = try TemporaryFolder()
        let store = try ObjectStore(folder: folder.path)
        #expect { try ObjectStore(folder: folder.path) } throws: { ($0 as? StoreError)?.code == .locked }
        store.close()
        #expect(throws: Never.self) { try ObjectStore(folder: folder.path) }
    }

    @Test(
        "a file that is not ours is refused and left as it is",
        arguments: [
            (
                "no database",
                "hello, this is a text file that is longer than one hundred bytes, so that it could be one".utf8 + [],
                StoreError.Code.foreign
            )
        ] as [(String, [UInt8], StoreError.Code)])
    func foreign(what: String, bytes: [UInt8], code: StoreError.Code) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        try TestFile.write(bytes, to: path)
        #expect { try ObjectStore(folder: folder.path) } throws: { ($0 as? StoreError)?.code == code }
        #expect(try TestFile.read(path) == bytes)
    }

    @Test("another program's SQLite file is refused and left as it is")
    func otherDatabase() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        do {
            let other = try SQLiteConnection(path: path)
            try other.execute("PRAGMA application_id = 7; CREATE TABLE t (x); INSERT INTO t VALUES (1)")
        }
        let before = try TestFile.read(path)
        #expect { try ObjectStore(folder: folder.path) } throws: { ($0 as? StoreError)?.code == .foreign }
        #expect(try TestFile.read(path) == before)
    }

    @Test("a damaged file is refused")
    func damaged() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        do {
            let store = try ObjectStore(folder: folder.path)
            for name in 0..<50 { _ = await Self.put(store, "n\(name)") }
            store.close()
        }
        var bytes = try TestFile.read(path)
        for place in 4096..<bytes.count { bytes[place] = 0xA5 }
        try TestFile.write(bytes, to: path)
        #expect { try ObjectStore(folder: folder.path) } throws: { ($0 as? StoreError)?.code == .corrupt }
    }

    @Test("an emptied file beside its log is refused, and the log is left for a rescue")
    func emptied() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        try TestFile.write([], to: path)
        try TestFile.write([1, 2, 3], to: path + "-wal")
        #expect { try ObjectStore(folder: folder.path) } throws: { ($0 as? StoreError)?.code == .corrupt }
        #expect(try TestFile.read(path + "-wal") == [1, 2, 3])
    }

    @Test("the state can be listed as it was at an earlier revision")
    func past() async throws {
        let folder = try TemporaryFolder()
        let store = try ObjectStore(folder: folder.path)
        let first = try Self.stored(await Self.put(store, "a"))
        _ = await Self.put(store, "b")
        _ = await Self.put(store, "a", "2", over: first.revision)
        let then = try #require(store.objects(Self.maps, in: "default", at: 1))
        #expect(then.map(\.key.name) == ["a"])
        #expect(then.first?.revision == 1)
    }

    @Test("a full disk refuses writes with that reason, keeps serving, and takes writes again when there is room (F15)")
    func fullDisk() async throws {
        let folder = try TemporaryFolder()
        let large = String(repeating: "x", count: 100_000)
        let store = try ObjectStore(folder: folder.path, pageLimit: 100)
        var written = 0
        var refusal: StoreError?
        while refusal == nil, written < 100 {
            switch await Self.put(store, "n\(written)", large) {
            case .done: written += 1
            case .failed(let error): refusal = error
            case .unexpected, .refused: Issue.record("not expected")
            }
        }
        #expect(refusal?.code == .full)
        #expect(written > 0)
        #expect(store.revision == written)
        #expect(store.object(Self.reference("n0")) != nil)
        #expect(store.object(Self.reference("n\(written)")) == nil)
        // A small one still fits, and nothing of the refused one is in the way.
        let small = try Self.stored(await Self.put(store, "small"))
        #expect(small.revision == written + 1)
        store.close()
        let again = try ObjectStore(folder: folder.path)
        #expect(again.revision == written + 1)
        #expect(try Self.stored(await Self.put(again, "more", large)).revision == written + 2)
    }

    @Test("a follower that does not read is cut off, and others are not")
    func overflow() async throws {
        let folder = try TemporaryFolder()
        let store = try ObjectStore(folder: folder.path)
        func follower(limit: Int, maxBytes: Int) -> StoreSubscription {
            StoreSubscription(
                resource: Self.maps, namespace: nil, name: nil, after: 0, bookmarkInterval: nil, deadline: nil,
                limit: limit, maxBytes: maxBytes)
        }
        let (slow, other) = (follower(limit: 3, maxBytes: .max), follower(limit: 100, maxBytes: 10_000))
        let heavy = follower(limit: 100, maxBytes: 500)
        #expect(store.follow(slow) && store.follow(other) && store.follow(heavy))
        for name in 0..<10 { _ = try Self.stored(await Self.put(store, "n\(name)")) }
        #expect(await slow.next() == nil)
        #expect(await heavy.next() == nil)
        #expect(await other.next()?.count == 10)
    }
}
