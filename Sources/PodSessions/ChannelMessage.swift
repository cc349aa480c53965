import ClusterAPI
import JSONTree

/// One message of the protocols `v4.channel.k8s.io` and `v5.channel.k8s.io`, by which clients of exec and attach carry
/// several streams over one WebSocket: the number of a channel in the first byte, its bytes in the rest.
///
/// `v5` adds channel 255, whose byte names a channel that its sender has finished.
public enum ChannelMessage: Sendable, Hashable {
    case standardInput([UInt8])
    case standardOutput([UInt8])
    case standardError([UInt8])
    /// A `Status`, the last message of a server.
    case status([UInt8])
    case resize(columns: Int, rows: Int)
    case end(channel: UInt8)

    /// The best first.
    public static let subprotocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]

    /// Why a message cannot be read; nothing of the client's is taken after it.
    public struct Malformed: Error, Hashable {}

    private enum Channel: UInt8 {
        case standardInput = 0
        case standardOutput, standardError, status, resize
        case end = 255
    }

    public init(parsing bytes: some Collection<UInt8>) throws {
        guard let channel = bytes.first.flatMap({ Channel(rawValue: $0) }) else { throw Malformed() }
        let content = Array(bytes.dropFirst())
        switch channel {
        case .standardInput: self = .standardInput(content)
        case .standardOutput: self = .standardOutput(content)
        case .standardError: self = .standardError(content)
        case .status: self = .status(content)
        case .resize:
            guard case .resize(let columns, let rows)? = Self.size(content) else { throw Malformed() }
            self = .resize(columns: columns, rows: rows)
        case .end:
            guard let ended = content.first, content.count == 1 else { throw Malformed() }
            self = .end(channel: ended)
        }
    }

    /// A terminal's size, as all protocols of exec and attach write it; `nil` where it is none.
    static func size(_ content: [UInt8]) -> ContainerStreams.Input? {
        guard content.count < 256, let size = try? JSON(parsing: content), let columns = size["Width"]?.int,
            let rows = size["Height"]?.int, (0...65535).contains(columns), (0...65535).contains(rows)
        else { return nil }
        return .resize(columns: columns, rows: rows)
    }

    static func encodeSize(columns: Int, rows: Int) -> [UInt8] {
        (["Width": JSON(columns), "Height": JSON(rows)] as JSON).encoded()
    }

    public var encoded: [UInt8] {
        switch self {
        case .standardInput(let bytes): [Channel.standardInput.rawValue] + bytes
        case .standardOutput(let bytes): [Channel.standardOutput.rawValue] + bytes
        case .standardError(let bytes): [Channel.standardError.rawValue] + bytes
        case .status(let bytes): [Channel.status.rawValue] + bytes
        case .resize(let columns, let rows):
            [Channel.resize.rawValue] + Self.encodeSize(columns: columns, rows: rows)
        case .end(let channel): [Channel.end.rawValue, channel]
        }
    }

    /// What the message means to a program; `nil` for what clients do not send.
    var input: ContainerStreams.Input? {
        switch self {
        case .standardInput(let bytes): bytes.isEmpty ? nil : .bytes(bytes)
        case .resize(let columns, let rows): .resize(columns: columns, rows: rows)
        case .end(let channel): channel == Channel.standardInput.rawValue ? .end : nil
        case .standardOutput, .standardError, .status: nil
        }
    }

    init(_ input: ContainerStreams.Input) {
        self =
            switch input {
            case .bytes(let bytes): .standardInput(bytes)
            case .end: .end(channel: Channel.standardInput.rawValue)
            case .resize(let columns, let rows): .resize(columns: columns, rows: rows)
            }
    }

    init(_ output: ContainerStreams.Output) {
        self =
            switch output {
            case .standardOutput(let bytes): .standardOutput(bytes)
            case .standardError(let bytes): .standardError(bytes)
            }
    }
}
