import ClusterAPI
import JSONTree

/// One message of the protocols `v4.channel.k8s.io` and `v5.channel.k8s.io`, by which clients of exec and attach carry
/// several streams over one WebSocket: the number of a channel in the first byte, its bytes in the rest.
///
/// `v5` adds channel 255, whose byte names a channel that its sender has finished.
enum ChannelMessage: Sendable, Hashable {
    case standardInput([UInt8])
    case standardOutput([UInt8])
    case standardError([UInt8])
    /// A `Status`, the last message of a server.
    case status([UInt8])
    case resize(columns: Int, rows: Int)
    case end(channel: UInt8)

    static let subprotocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]

    /// Why a message cannot be read; nothing of the client's is taken after it.
    struct Malformed: Error, Hashable {}

    private enum Channel: UInt8 {
        case standardInput = 0
        case standardOutput, standardError, status, resize
        case end = 255
    }

    init(parsing bytes: some Collection<UInt8>) throws {
        guard let channel = bytes.first.flatMap({ Channel(rawValue: $0) }) else { throw Malformed() }
        let content = Array(bytes.dropFirst())
        switch channel {
        case .standardInput: self = .standardInput(content)
        case .standardOutput: self = .standardOutput(content)
        case .standardError: self = .standardError(content)
        case .status: self = .status(content)
        case .resize:
            guard content.count < 256, let size = try? JSON(parsing: content), let columns = size["Width"]?.int,
                let rows = size["Height"]?.int, (0...65535).contains(columns), (0...65535).contains(rows)
            else { throw Malformed() }
            self = .resize(columns: columns, rows: rows)
        case .end:
            guard let ended = content.first, content.count == 1 else { throw Malformed() }
            self = .end(channel: ended)
        }
    }

    var encoded: [UInt8] {
        switch self {
        case .standardInput(let bytes): [Channel.standardInput.rawValue] + bytes
        case .standardOutput(let bytes): [Channel.standardOutput.rawValue] + bytes
        case .standardError(let bytes): [Channel.standardError.rawValue] + bytes
        case .status(let bytes): [Channel.status.rawValue] + bytes
        case .resize(let columns, let rows):
            [Channel.resize.rawValue] + (["Width": JSON(columns), "Height": JSON(rows)] as JSON).encoded()
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

    init(_ output: ContainerStreams.Output) {
        self =
            switch output {
            case .standardOutput(let bytes): .standardOutput(bytes)
            case .standardError(let bytes): .standardError(bytes)
            }
    }
}
