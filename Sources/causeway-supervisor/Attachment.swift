import CLinuxShims
import Glibc
import PodRecords

/// One client that is attached to a run of a container: it has the reading ends of pipes that this fills, and writes input
/// straight to where the program reads it.
struct Attachment {
    /// What happened to a client's input since it was last asked.
    enum Input {
        case open, ended
    }

    /// Whether it writes, as a person at a keyboard does: such a client is waited for when it does not read.
    let hasInput: Bool
    private let socket: Int32
    private var pipes: [LogLine.Stream: Int32] = [:]
    private var pending: [LogLine.Stream: [UInt8]] = [:]
    private(set) var isGone = false

    /// Hands the client its descriptors: output, error, input, those of them that it asked for.
    ///
    /// - Parameter input: where the program reads, still the caller's; -1 where there is nothing any more.
    init(_ request: AttachDoor.Request, streams: Set<LogLine.Stream>, input: Int32) {
        socket = request.socket
        hasInput = request.wanted.contains("i")
        for (stream, letter) in [(LogLine.Stream.standardOutput, Character("o")), (.standardError, "e")]
        where request.wanted.contains(letter) && streams.contains(stream) {
            var ends: [Int32] = [-1, -1]
            guard causeway_pipe(&ends) == 0 else {
                isGone = true
                continue
            }
            _ = fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) | O_NONBLOCK)
            pipes[stream] = ends[1]
            if causeway_send_descriptor(socket, ends[0]) != 1 { isGone = true }
            Glibc.close(ends[0])
        }
        guard hasInput else { return }
        if input >= 0 {
            if causeway_send_descriptor(socket, input) != 1 { isGone = true }
        } else {
            let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
            if causeway_send_descriptor(socket, nothing) != 1 { isGone = true }
            Glibc.close(nothing)
        }
    }

    /// Bytes that the client has not taken.
    var waiting: Int { pending.values.reduce(0) { $0 + $1.count } }

    /// What to wait for.
    var files: [pollfd] {
        [pollfd(fd: socket, events: Int16(POLLIN), revents: 0)]
            + pipes.filter { pending[$0.key]?.isEmpty == false }
            .map { pollfd(fd: $0.value, events: Int16(POLLOUT), revents: 0) }
    }

    mutating func take(_ bytes: ArraySlice<UInt8>, from stream: LogLine.Stream) {
        guard pipes[stream] != nil else { return }
        pending[stream, default: []] += bytes
        flush(stream)
    }

    /// Moves what can be moved, and hears what the client says.
    mutating func advance() -> Input {
        for stream in pipes.keys { flush(stream) }
        var result = Input.open
        var byte: UInt8 = 0
        while true {
            let count = read(socket, &byte, 1)
            if count < 0, errno == EINTR { continue }
            if count == 0 || (count < 0 && errno != EAGAIN) { isGone = true }
            guard count == 1 else { break }
            if byte == UInt8(ascii: "e") { result = .ended }
        }
        return isGone ? .ended : result
    }

    private mutating func flush(_ stream: LogLine.Stream) {
        guard let file = pipes[stream], let bytes = pending[stream], !bytes.isEmpty else { return }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count > 0 {
                written += count
                continue
            }
            if errno == EINTR { continue }
            if errno != EAGAIN {
                // Nobody reads this stream any more.
                Glibc.close(file)
                pipes[stream] = nil
                pending[stream] = nil
                return
            }
            break
        }
        pending[stream] = Array(bytes[written...])
    }

    /// What was handed on can still be read.
    func close() {
        for file in pipes.values { Glibc.close(file) }
        Glibc.close(socket)
    }
}
