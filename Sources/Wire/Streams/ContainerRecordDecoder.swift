import JSONTree

/// Cuts ``ContainerRecord``s out of the bytes of a stream, however these come.
///
/// Keeps at most one unfinished record beside the bytes of the last ``append(_:)``. After an error nothing more is decoded.
public struct ContainerRecordDecoder: Sendable {
    private var bytes: ArraySlice<UInt8> = []

    public init() {}

    /// Whether the bytes so far end in the middle of a record.
    public var isInsideRecord: Bool { !bytes.isEmpty }

    /// Adds the next bytes. Take all records before adding more: ``next()`` until it has none.
    public mutating func append(_ more: some Collection<UInt8>) {
        bytes = bytes.isEmpty ? Array(more)[...] : (bytes + more)[...]
    }

    /// The next whole record; `nil` where more bytes are needed first.
    ///
    /// - Throws: ``ContainerRecordError``; a wrong length is found before its bytes have come.
    public mutating func next() throws(ContainerRecordError) -> ContainerRecord? {
        guard let first = bytes.first else { return nil }
        guard let kind = ContainerRecord.Kind(rawValue: first) else { throw ContainerRecordError(.unknownKind(first)) }
        guard bytes.count >= ContainerRecord.headerLength else { return nil }
        let length = Int(Self.number(bytes.dropFirst().prefix(4)))
        guard kind.lengths.contains(length) else { throw ContainerRecordError(.length(length, kind: first)) }
        guard bytes.count >= ContainerRecord.headerLength + length else { return nil }
        let rest = bytes.dropFirst(ContainerRecord.headerLength).prefix(length)
        bytes = bytes.dropFirst(ContainerRecord.headerLength + length)
        switch kind {
        case .standardInput: return .standardInput(Array(rest))
        case .standardOutput: return .standardOutput(Array(rest))
        case .standardError: return .standardError(Array(rest))
        case .endOfInput: return .endOfInput
        case .resize:
            let size = Self.number(rest)
            return .resize(columns: UInt16(size >> 16), rows: UInt16(size & 0xFFFF))
        case .exit: return .exit(status: Int32(bitPattern: Self.number(rest)))
        case .failure:
            do throws(JSONError) {
                return .failure(try ContainerFailure(json: try JSON(parsing: Array(rest))))
            } catch {
                throw ContainerRecordError(.failure(error))
            }
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
