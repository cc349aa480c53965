import NIOCore

/// Finds where HTTP/1.1 messages with a `Content-Length` end, and no more: cheap enough not to be what is measured.
///
/// Messages without that header have no body here: the servers measured send no other.
struct MessageScanner {
    /// A message that has arrived completely.
    struct Message {
        /// The first line: a request line or a status line.
        let startLine: [UInt8]
        /// How many bytes its body has.
        let length: Int
    }

    private var head: [UInt8] = []
    private var startLine: [UInt8] = []
    private var length = 0
    private var missingBytes: Int?

    /// Takes bytes as they arrive.
    mutating func take(_ buffer: ByteBuffer, each complete: (Message) -> Void) {
        var bytes = buffer.readableBytesView[...]
        while !bytes.isEmpty {
            if let missing = missingBytes {
                let count = min(missing, bytes.count)
                bytes = bytes.dropFirst(count)
                missingBytes = missing - count
            } else if let end = endOfHead(&bytes) {
                parse(end)
            }
            if missingBytes == 0 {
                missingBytes = nil
                complete(Message(startLine: startLine, length: length))
            }
        }
    }

    /// Collects the head's bytes until its empty line; the head then.
    private mutating func endOfHead(_ bytes: inout ByteBufferView) -> [UInt8]? {
        while let line = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            head.append(contentsOf: bytes[...line])
            bytes = bytes[bytes.index(after: line)...]
            if head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
                defer { head.removeAll(keepingCapacity: true) }
                return head
            }
        }
        head.append(contentsOf: bytes)
        bytes = bytes[bytes.endIndex...]
        return nil
    }

    private mutating func parse(_ head: [UInt8]) {
        let lines = head.split(separator: UInt8(ascii: "\n"))
        startLine = Array(lines.first ?? [])
        length = 0
        for line in lines.dropFirst() where line.count > Self.name.count {
            guard zip(line, Self.name).allSatisfy({ $0 | 0x20 == $1 }) else { continue }
            length = line.dropFirst(Self.name.count).reduce(0) { number, byte in
                (0x30...0x39).contains(byte) ? number * 10 + Int(byte - 0x30) : number
            }
        }
        missingBytes = length
    }

    /// In lower case; setting a bit more makes `-` and `:`, which have it, compare equal too.
    private static let name = Array("content-length:".utf8)
}
