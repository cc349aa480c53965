import KubernetesModel

/// The file: every change as one row, appended, never altered; old rows go by compaction.
///
/// Like kine's table: a row holds the whole object; the newest row of a key is its state, and a row's `previous` names
/// the row that it supersedes, so that compaction needs no second index.
final class ObjectLog {
    struct Row {
        let revision: Int
        let reference: ObjectReference
        let isCreation: Bool
        let isDeletion: Bool
        /// The revision that this row supersedes; 0 for none.
        let previous: Int
        let value: [UInt8]
    }

    /// `CSWY`: marks the file as ours in SQLite's header.
    static let applicationID = 0x4353_5759
    static let schemaVersion = 1

    private let database: SQLiteConnection
    private let insert: SQLiteStatement
    /// History up to and including this revision is gone.
    private(set) var compactedRevision: Int

    /// Opens the file, or makes a new one.
    ///
    /// - Throws: `StoreError`; a file that is foreign, newer or damaged is left exactly as it was.
    init(path: String, pageLimit: Int? = nil) throws(StoreError) {
        let isNew = try DatabaseHeader.check(
            path: path, applicationID: Self.applicationID, version: Self.schemaVersion)
        // It holds Secrets. SQLite gives its other files the rights of this one.
        try StateFolder.makePrivate(path)
        database = try SQLiteConnection(path: path)
        if isNew {
            try database.execute(
                """
                BEGIN IMMEDIATE;
                PRAGMA application_id = \(Self.applicationID);
                PRAGMA user_version = \(Self.schemaVersion);
                CREATE TABLE object_log (
                    revision INTEGER PRIMARY KEY,
                    resource TEXT NOT NULL,
                    namespace TEXT NOT NULL,
                    name TEXT NOT NULL,
                    is_creation INTEGER NOT NULL,
                    is_deletion INTEGER NOT NULL,
                    previous INTEGER NOT NULL,
                    value BLOB NOT NULL
                );
                CREATE TABLE compaction (revision INTEGER NOT NULL);
                INSERT INTO compaction VALUES (0);
                COMMIT;
                """)
        }
        // Exclusive: one process, so no shared memory file; FULL: a commit is on the disk when it returns.
        try database.execute(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                + "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF;"
                // All reading is from our own memory, and rows are only added at the end: few pages are looked at twice.
                + "PRAGMA cache_size = -512;")
        if !isNew, let words = try database.text("PRAGMA quick_check(1)"), words != "ok" {
            throw StoreError(
                .corrupt,
                "\(path) is damaged (\(words)): nothing was changed; move the file away, or restore it from a backup")
        }
        if let pageLimit { try database.execute("PRAGMA max_page_count = \(pageLimit)") }
        compactedRevision = try database.number("SELECT revision FROM compaction") ?? 0
        insert = try database.prepare("INSERT INTO object_log VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    }

    /// Hands out all rows in the order of their revisions.
    func load(_ take: (Row) throws(StoreError) -> Void) throws(StoreError) {
        let rows = try database.prepare(
            "SELECT revision, resource, namespace, name, is_creation, is_deletion, previous, value FROM object_log "
                + "ORDER BY revision")
        while try rows.step() {
            try take(
                Row(
                    revision: rows.int(0),
                    reference: ObjectReference(
                        resource: ResourceID(text: rows.text(1)),
                        key: ObjectKey(namespace: rows.text(2), name: rows.text(3))),
                    isCreation: rows.int(4) != 0, isDeletion: rows.int(5) != 0, previous: rows.int(6),
                    value: rows.bytes(7)))
        }
    }

    /// Appends rows in one transaction; when it returns they are on the disk.
    ///
    /// - Throws: `StoreError`; none of the rows is there then.
    func append(_ rows: [Row]) throws(StoreError) {
        try transaction { () throws(StoreError) in
            for row in rows {
                try insert.bind(row.revision, at: 1)
                try insert.bind(row.reference.resource.description, at: 2)
                try insert.bind(row.reference.key.namespace, at: 3)
                try insert.bind(row.reference.key.name, at: 4)
                try insert.bind(row.isCreation ? 1 : 0, at: 5)
                try insert.bind(row.isDeletion ? 1 : 0, at: 6)
                try insert.bind(row.previous, at: 7)
                try insert.run(with: row.value, at: 8)
            }
        }
    }

    /// Drops the history up to a revision: superseded rows, and deletions. What exists stays.
    func compact(to revision: Int) throws(StoreError) {
        guard revision > compactedRevision else { return }
        try transaction { () throws(StoreError) in
            try database.execute(
                """
                DELETE FROM object_log WHERE revision IN
                    (SELECT previous FROM object_log WHERE revision <= \(revision) AND previous > 0);
                DELETE FROM object_log WHERE is_deletion = 1 AND revision <= \(revision);
                UPDATE compaction SET revision = \(revision);
                """)
        }
        compactedRevision = revision
    }

    private func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        // Left over where an earlier failure could not even be rolled back.
        if database.isInTransaction { try database.execute("ROLLBACK") }
        try database.execute("BEGIN IMMEDIATE")
        do throws(StoreError) {
            try body()
            try database.execute("COMMIT")
        } catch {
            if database.isInTransaction { try? database.execute("ROLLBACK") }
            throw error
        }
    }
}
