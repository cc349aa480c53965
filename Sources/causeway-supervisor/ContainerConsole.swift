import Glibc
import PodRecords

/// What clients attach to of one run of a container: its standard input or terminal, and what it writes as it comes.
///
/// A client that has the input is waited for when it does not read, as a terminal would; one that only watches and falls
/// behind is let go. What was written before the first client came is kept for it (`EarlyOutput`), so that it sees the run from the start.
struct ContainerConsole {
    /// Bytes that wait for a client who only watches.
    private static let mostWaiting = 1 << 20

    private let plan: ConsolePlan
    private let streams: Set<LogLine.Stream>
    private var input: Int32
    private var attachments: [Attachment] = []
    /// What was written before the first client came; `nil` afterwards.
    private var early: [LogLine.Stream: EarlyOutput]? = [:]

    /// - Parameter input: owned from here on.
    init(_ plan: ConsolePlan, streams: Set<LogLine.Stream>, input: Int32) {
        self.plan = plan
        self.streams = streams
        self.input = input
    }

    /// Whether the program's output should stay where it is for now.
    var holdsBack: Bool { attachments.contains { $0.hasInput && $0.waiting > 0 } }

    var files: [pollfd] { attachments.flatMap(\.files) }

    mutating func attach(_ request: AttachDoor.Request) {
        var attachment = Attachment(request, streams: streams, input: input)
        for (stream, output) in early ?? [:] { attachment.take(output.rest(after: request.seenLog), from: stream) }
        early = nil
        attachments.append(attachment)
    }

    /// - Parameter log: has taken the bytes already.
    mutating func take(_ bytes: ArraySlice<UInt8>, from stream: LogLine.Stream, log: ContainerLog) {
        early?[stream, default: EarlyOutput()].take(
            bytes, pending: log.pendingCount(stream), logSize: log.size)
        for place in attachments.indices { attachments[place].take(bytes, from: stream) }
    }

    mutating func advance() {
        var endsInput = false
        for place in attachments.indices {
            let ended = attachments[place].advance() == .ended
            if ended, attachments[place].hasInput { endsInput = true }
        }
        attachments.removeAll { client in
            let isOver = client.isGone || (!client.hasInput && client.waiting > Self.mostWaiting)
            if isOver { client.close() }
            return isOver
        }
        if endsInput, plan.endsWithClient { endInput() }
    }

    /// The program finds the end of its input.
    private mutating func endInput() {
        guard input >= 0 else { return }
        if plan.isTerminal {
            // What a keyboard types to say that nothing more comes.
            var end: UInt8 = 4
            _ = write(input, &end, 1)
        }
        close(input)
        input = -1
    }

    /// The run is over.
    ///
    /// - Returns: the clients that have not taken everything yet.
    mutating func finish() -> [Attachment] {
        if input >= 0 { close(input) }
        input = -1
        for client in attachments where client.waiting == 0 { client.close() }
        return attachments.filter { $0.waiting > 0 }
    }
}
