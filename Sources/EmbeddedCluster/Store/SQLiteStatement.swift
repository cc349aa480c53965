import CSQLite

/// A prepared statement. Parameters count from 1 and columns from 0, as in SQLite.
final class SQLiteStatement {
    private let handle: OpaquePointer
    /// Kept so that the connection outlives its statements.
    private let connection: SQLiteConnection
    /// Tells SQLite to copy what is bound: the value -1 of a pointer type, which C writes as a macro.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ handle: OpaquePointer, connection: SQLiteConnection) {
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    private func check(_ result: Int32) throws(StoreError) {
        guard result == SQLITE_OK else { throw SQLiteConnection.error(result, connection.path, "binding a value") }
    }

    func bind(_ value: Int, at place: Int32) throws(StoreError) {
        try check(sqlite3_bind_int64(handle, place, Int64(value)))
    }

    func bind(_ value: String, at place: Int32) throws(StoreError) {
        try check(sqlite3_bind_text(handle, place, value, -1, Self.copied))
    }

    /// Moves to the next row.
    ///
    /// - Returns: whether there is one.
    func step() throws(StoreError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let result:
            sqlite3_reset(handle)
            throw SQLiteConnection.error(result, connection.path, "running a statement")
        }
    }

    /// Runs a statement that gives no rows, and makes it ready for the next time.
    func run() throws(StoreError) {
        _ = try step()
        sqlite3_reset(handle)
    }

    /// The same with bytes for one more parameter, which are not copied.
    func run(with value: [UInt8], at place: Int32) throws(StoreError) {
        let result = value.withUnsafeBytes { bytes -> Result<Void, StoreError> in
            let bound = sqlite3_bind_blob64(handle, place, bytes.baseAddress, UInt64(bytes.count), nil)
            // The bytes are here for as long as this runs.
            defer { sqlite3_bind_null(handle, place) }
            return Result { () throws(StoreError) in
                try check(bound)
                try run()
            }
        }
        try result.get()
    }

    func reset() { sqlite3_reset(handle) }

    func int(_ column: Int32) -> Int { Int(sqlite3_column_int64(handle, column)) }

    func text(_ column: Int32) -> String {
        guard let text = sqlite3_column_text(handle, column) else { return "" }
        return String(cString: text)
    }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }
}
