import ClusterAPI
import HTTPTransport
import JSONTree

/// Which streams a client of exec or attach has opened over SPDY, and what its frames mean. A value: frames in, actions out.
///
/// | state | frame | action |
/// |---|---|---|
/// | any | a stream that is wanted and not there yet | it is accepted; with the last one the table is complete |
/// | any | another stream | it is refused |
/// | any | data or the end of `stdin`, a size on `resize` | input |
/// | any | a reset of `stdin` | the end of input |
/// | any | `GOAWAY` | the client is gone |
/// | any | a ping | the same back |
struct SPDYContainerTable {
    enum Action: Hashable {
        case none
        case answer(SPDYFrame)
        case input([ContainerStreams.Input])
        case gone
    }

    /// Most bytes of a size that is not complete yet.
    private static let longestSize = 256

    private let wanted: [SPDYStreamKind]
    private var opened: [SPDYStreamKind: UInt32] = [:]
    private var last: UInt32 = 0
    private var inputHasEnded = false
    /// What came of a size so far.
    private var size: [UInt8] = []

    init(_ wanted: [SPDYStreamKind]) { self.wanted = wanted }

    var isComplete: Bool { opened.count == wanted.count }

    /// The number of an open stream.
    subscript(kind: SPDYStreamKind) -> UInt32? { opened[kind] }

    /// - Throws: `SPDYError` where the client does not keep to the protocol.
    mutating func received(_ frame: SPDYFrame) throws -> Action {
        switch frame {
        case .goAway: return .gone
        case .synReply, .ignored: return .none
        case .ping(let id): return .answer(.ping(id))
        case .synStream(let id, let headers, let isLast):
            // A client's streams have odd numbers that only rise.
            guard id > last, id % 2 == 1 else { throw SPDYError("a stream has a number that does not rise") }
            last = id
            guard let kind = SPDYStreamKind(rawValue: headers["streamtype"] ?? ""), wanted.contains(kind),
                opened[kind] == nil
            else { return .answer(.reset(stream: id, status: 3)) }
            opened[kind] = id
            if kind == .standardInput, isLast { inputHasEnded = true }
            return .answer(.synReply(stream: id, headers: [:], isLast: false))
        case .data(let id, let bytes, let isLast):
            if id == opened[.resize] { return .input(try sizes(bytes)) }
            guard id == opened[.standardInput], !inputHasEnded else { return .none }
            inputHasEnded = isLast
            return .input((bytes.isEmpty ? [] : [.bytes(bytes)]) + (isLast ? [.end] : []))
        case .reset(let id, _):
            guard id == opened[.standardInput], !inputHasEnded else { return .none }
            inputHasEnded = true
            return .input([.end])
        }
    }

    /// Sizes come as JSON objects, a line each; of several at once only the last counts.
    private mutating func sizes(_ bytes: [UInt8]) throws -> [ContainerStreams.Input] {
        size += bytes
        var lines = size.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        size = Array(lines.popLast() ?? [])
        guard size.count <= Self.longestSize else { throw SPDYError("a terminal's size is too long") }
        guard let last = lines.last else { return [] }
        guard last.count <= Self.longestSize, let input = ChannelMessage.size(Array(last)) else {
            throw SPDYError("a terminal's size cannot be read")
        }
        return [input]
    }
}
