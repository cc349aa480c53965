/// One line of a container's log, in the format of the Container Runtime Interface: `TIME STREAM TAG TEXT`.
///
/// The tag is `F` for a whole line and `P` for a part of one that was too long; its rest follows.
public struct LogLine: Sendable, Hashable {
    public enum Stream: String, Sendable, Hashable {
        case standardOutput = "stdout"
        case standardError = "stderr"
    }

    public var time: WallTime
    public var stream: Stream
    public var isPartial: Bool
    /// Without the newline.
    public var text: [UInt8]

    public init(time: WallTime, stream: Stream, isPartial: Bool, text: [UInt8]) {
        self.time = time
        self.stream = stream
        self.isPartial = isPartial
        self.text = text
    }

    /// Appends the line with its newline.
    public func encode(into bytes: inout [UInt8]) {
        Self.encode(text, time: time.precise, stream: stream, isPartial: isPartial, into: &bytes)
    }

    /// The same with the time already as text: lines that came together share it.
    public static func encode(
        _ text: some Collection<UInt8>, time: String, stream: Stream, isPartial: Bool, into bytes: inout [UInt8]
    ) {
        bytes.append(contentsOf: time.utf8)
        bytes.append(contentsOf: stream == .standardOutput ? " stdout ".utf8 : " stderr ".utf8)
        bytes.append(contentsOf: isPartial ? "P ".utf8 : "F ".utf8)
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Reads one line, without its newline; `nil` where it is not in the format.
    public init?(parsing line: some Collection<UInt8>) {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let time = WallTime(String(decoding: parts[0], as: UTF8.self)),
            let stream = Stream(rawValue: String(decoding: parts[1], as: UTF8.self))
        else { return nil }
        // More tags may follow the first, behind colons.
        switch parts[2].first {
        case UInt8(ascii: "F"): isPartial = false
        case UInt8(ascii: "P"): isPartial = true
        default: return nil
        }
        self.time = time
        self.stream = stream
        text = Array(parts[3])
    }
}
