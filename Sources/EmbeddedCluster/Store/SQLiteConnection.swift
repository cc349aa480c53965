import CSQLite

/// One connection to a SQLite file: statements, and errors as `StoreError`.
///
/// Not Sendable: whoever makes it uses it from one thread at a time.
final class SQLiteConnection {
    private let handle: OpaquePointer
    let path: String

    /// Opens the file, creating it where it is missing.
    init(path: String) throws(StoreError) {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let result = sqlite3_open_v2(path, &handle, flags, nil)
        guard result == SQLITE_OK, let handle else {
            sqlite3_close_v2(handle)
            throw Self.error(result, path, "opening it")
        }
        self.handle = handle
        self.path = path
    }

    deinit { sqlite3_close_v2(handle) }

    /// Runs statements without parameters or results.
    func execute(_ sql: String) throws(StoreError) {
        let result = sqlite3_exec(handle, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw Self.error(result, path, sql) }
    }

    func prepare(_ sql: String) throws(StoreError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let result = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard result == SQLITE_OK, let statement else { throw Self.error(result, path, sql) }
        return SQLiteStatement(statement, connection: self)
    }

    /// The one number that a query gives; `nil` without a row.
    func number(_ sql: String) throws(StoreError) -> Int? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.int(0) : nil
    }

    /// The one text that a query gives; `nil` without a row.
    func text(_ sql: String) throws(StoreError) -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.text(0) : nil
    }

    /// Whether statements are within a transaction: SQLite ends one by itself on some failures.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    static func error(_ result: Int32, _ path: String, _ doing: String) -> StoreError {
        let words = String(cString: sqlite3_errstr(result))
        switch result & 0xFF {
        case SQLITE_FULL:
            return StoreError(
                .full, "no room on the disk of \(path) (\(words)): free some space; writing goes on by itself then")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            return StoreError(
                .corrupt,
                "\(path) is damaged (\(words)): nothing was changed; move the file away, or restore it from a backup")
        case SQLITE_BUSY, SQLITE_LOCKED:
            return StoreError(.locked, "\(path) is in use by another process (\(words)): stop that one first")
        default:
            return StoreError(
                .inputOutput, "\(path) cannot be used (\(words), code \(result), while \(doing)): check the disk")
        }
    }
}
