import NIOCore

/// The JSON text of one version of one object: bytes of its own, and between them long parts that other objects have too.
///
/// Pods of one template differ in a few hundred bytes of several thousand: the containers and the set of owned fields are
/// the same text in all of them, which is in memory once (see `SharedParts`). Where the text is cut never matters: it is
/// what its pieces are one after the other.
struct ObjectText: Sendable {
    /// A part whose bytes others have too.
    struct Part: Sendable {
        /// How many of the own bytes stand before it.
        fileprivate(set) var place: Int
        let text: [UInt8]
    }

    /// The bytes that are nobody else's.
    private(set) var own: [UInt8]
    /// In the order of their places.
    private(set) var parts: [Part]
    /// The length of the whole text in bytes.
    private(set) var count: Int

    /// A text without shared parts.
    init(_ bytes: [UInt8] = []) {
        own = bytes
        parts = []
        count = bytes.count
    }

    /// Adds own bytes at the end.
    ///
    /// - Returns: what `body` returns.
    mutating func append<Result>(_ body: (inout [UInt8]) throws -> Result) rethrows -> Result {
        let before = own.count
        defer { count += own.count - before }
        return try body(&own)
    }

    /// Replaces the last of the own bytes by an equal text that is kept elsewhere.
    ///
    /// - Parameter text: what the own bytes end with; no shared part stands between them.
    mutating func share(last text: [UInt8]) {
        own.removeLast(text.count)
        parts.append(Part(place: own.count, text: text))
    }

    /// The same with more own bytes, and no more room than they need.
    ///
    /// - Parameter place: how many of the own bytes stay before those that are put in, after any part that is there.
    func inserting(_ bytes: some Collection<UInt8>, at place: Int) -> ObjectText {
        var result = ObjectText()
        result.own.reserveCapacity(own.count + bytes.count)
        result.own.append(contentsOf: own[..<place])
        result.own.append(contentsOf: bytes)
        result.own.append(contentsOf: own[place...])
        result.parts = parts
        for index in result.parts.indices where result.parts[index].place > place {
            result.parts[index].place += bytes.count
        }
        result.count = count + bytes.count
        return result
    }

    /// The whole text in one piece.
    var bytes: [UInt8] {
        if parts.isEmpty { return own }
        return Array(unsafeUninitializedCapacity: count) { target, written in
            copy(to: UnsafeMutableRawBufferPointer(target))
            written = count
        }
    }

    /// The whole text as what is sent.
    var buffer: ByteBuffer {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return buffer
    }

    /// Adds the whole text to a buffer.
    func write(to buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            copy(to: target)
            return count
        }
    }

    /// - Parameter target: memory for at least `count` bytes.
    private func copy(to target: UnsafeMutableRawBufferPointer) {
        own.withUnsafeBytes { own in
            var end = 0
            func put(_ source: UnsafeRawBufferPointer) {
                UnsafeMutableRawBufferPointer(rebasing: target[end...]).copyMemory(from: source)
                end += source.count
            }
            var start = 0
            for part in parts {
                put(UnsafeRawBufferPointer(rebasing: own[start..<part.place]))
                part.text.withUnsafeBytes { put($0) }
                start = part.place
            }
            put(UnsafeRawBufferPointer(rebasing: own[start...]))
        }
    }
}
