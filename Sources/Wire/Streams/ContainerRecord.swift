import JSONTree

/// What goes over a stream of kind `exec` or `attach`, in both directions: one byte that says what it is, the length of the
/// rest in four (big-endian), and the rest.
///
/// | byte | from | what it says | rest |
/// |---|---|---|---|
/// | 0 | hub | standard input | 1 byte to 64 KiB |
/// | 1 | agent | standard output, also what a terminal shows | 1 byte to 64 KiB |
/// | 2 | agent | standard error | 1 byte to 64 KiB |
/// | 3 | hub | the end of standard input; sizes may still come | none |
/// | 4 | hub | the client's terminal has this size | columns and rows, two bytes each |
/// | 5 | agent, last | the program has ended: its exit status, 128 and the signal's number where it was killed | four bytes |
/// | 6 | agent, last | it could not be run, or not to its end | ``ContainerFailure`` in JSON, 8 KiB at most |
///
/// A stream that ends without one of the last two has broken off.
public enum ContainerRecord: Sendable, Hashable {
    case standardInput([UInt8])
    case standardOutput([UInt8])
    case standardError([UInt8])
    case endOfInput
    case resize(columns: UInt16, rows: UInt16)
    case exit(status: Int32)
    case failure(ContainerFailure)

    /// The most bytes of a stream in one record; senders cut what is longer.
    public static let maximumBytes = 64 << 10

    static let headerLength = 5

    /// What a record says: its first byte.
    enum Kind: UInt8 {
        case standardInput = 0
        case standardOutput, standardError, endOfInput, resize, exit, failure

        /// How long the rest may be.
        var lengths: ClosedRange<Int> {
            switch self {
            case .standardInput, .standardOutput, .standardError: 1...ContainerRecord.maximumBytes
            case .endOfInput: 0...0
            case .resize, .exit: 4...4
            case .failure: 2...(8 << 10)
            }
        }
    }

    /// The record as it is sent. Bytes of a stream must be at least one and ``maximumBytes`` at most.
    public var encoded: [UInt8] {
        switch self {
        case .standardInput(let bytes): Self.frame(.standardInput, bytes)
        case .standardOutput(let bytes): Self.frame(.standardOutput, bytes)
        case .standardError(let bytes): Self.frame(.standardError, bytes)
        case .endOfInput: Self.frame(.endOfInput, [])
        case .resize(let columns, let rows):
            Self.frame(.resize, Self.bigEndian(UInt32(columns) << 16 | UInt32(rows)))
        case .exit(let status): Self.frame(.exit, Self.bigEndian(UInt32(bitPattern: status)))
        case .failure(let failure): Self.frame(.failure, failure.json.encoded())
        }
    }

    private static func frame(_ kind: Kind, _ rest: [UInt8]) -> [UInt8] {
        [kind.rawValue] + bigEndian(UInt32(truncatingIfNeeded: rest.count)) + rest
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
}
