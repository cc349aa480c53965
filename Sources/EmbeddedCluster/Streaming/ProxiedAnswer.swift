import NIOHTTP1

/// Reads the answer of a server in a pod (HTTP/1.1): its head, and its body without the framing.
///
/// A value: bytes in, bytes out. What it reads was written by whoever runs in the pod.
struct ProxiedAnswer: Sendable {
    struct Head: Sendable {
        var status: HTTPResponseStatus
        var headers: HTTPHeaders
        /// Bytes of the body; `nil` where only its end will tell.
        var length: Int?
    }

    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    private enum Framing {
        case unknown
        /// Bytes that are still to come.
        case length(Int)
        case untilClosed
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case complete
    }

    /// Most bytes of a head, and of a line that says how long a chunk is.
    private static let headLimit = 64 * 1024
    private static let lineLimit = 4096

    private var framing = Framing.unknown
    private var unread: [UInt8] = []
    private let isBodiless: Bool

    /// - Parameter isBodiless: whether the request was one whose answer has no body (HEAD).
    init(isBodiless: Bool) { self.isBodiless = isBodiless }

    var isComplete: Bool { if case .complete = framing { true } else { false } }

    /// Takes bytes until the head is there.
    ///
    /// - Returns: `nil` until then. Interim answers (`100 Continue`) are passed over.
    mutating func head(_ bytes: [UInt8]) throws(Malformed) -> Head? {
        unread += bytes
        while let end = Self.end(of: unread) {
            let text = String(decoding: unread[..<end], as: UTF8.self)
            unread.removeFirst(end + 4)
            var head = try Self.read(text)
            if (100..<200).contains(head.status.code) { continue }
            frame(&head)
            return head
        }
        guard unread.count <= Self.headLimit else { throw Malformed(description: "the head of the answer is too long") }
        return nil
    }

    /// Takes bytes and gives those of the body among them.
    mutating func body(_ bytes: [UInt8]) throws(Malformed) -> [UInt8] {
        unread += bytes
        var body: [UInt8] = []
        while true {
            switch framing {
            case .unknown, .complete: return body
            case .untilClosed:
                body += unread
                unread = []
                return body
            case .length(let left):
                let count = min(left, unread.count)
                body += unread[..<count]
                unread.removeFirst(count)
                framing = left == count ? .complete : .length(left - count)
                if left > count { return body }
            case .chunkSize:
                guard let line = try line() else { return body }
                let digits = line.prefix { $0 != ";" }.filter { !$0.isWhitespace }
                guard let size = Int(digits, radix: 16), size >= 0 else {
                    throw Malformed(description: "the answer has a chunk of no size")
                }
                framing = size == 0 ? .trailers : .chunk(size)
            case .chunk(let left):
                guard !unread.isEmpty else { return body }
                let count = min(left, unread.count)
                body += unread[..<count]
                unread.removeFirst(count)
                framing = left == count ? .chunkEnd : .chunk(left - count)
            case .chunkEnd:
                guard try line() != nil else { return body }
                framing = .chunkSize
            case .trailers:
                guard let line = try line() else { return body }
                if line.isEmpty { framing = .complete }
            }
        }
    }

    /// The connection has ended.
    ///
    /// - Throws: where the body had not.
    mutating func end() throws(Malformed) {
        switch framing {
        case .complete, .untilClosed: framing = .complete
        case .unknown: throw Malformed(description: "the connection closed before the answer")
        case .length, .chunkSize, .chunk, .chunkEnd, .trailers:
            throw Malformed(description: "the connection closed within the answer")
        }
    }

    private mutating func frame(_ head: inout Head) {
        let code = head.status.code
        if isBodiless || code == 204 || code == 304 {
            framing = .complete
        } else if head.headers[canonicalForm: "transfer-encoding"].contains(where: { $0.lowercased() == "chunked" }) {
            framing = .chunkSize
        } else if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length >= 0 {
            framing = length == 0 ? .complete : .length(length)
            head.length = length
        } else {
            framing = .untilClosed
        }
    }

    private mutating func line() throws(Malformed) -> String? {
        guard let end = unread.firstIndex(of: UInt8(ascii: "\n")) else {
            guard unread.count <= Self.lineLimit else {
                throw Malformed(description: "a line of the answer is too long")
            }
            return nil
        }
        var line = unread[..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        let text = String(decoding: line, as: UTF8.self)
        unread.removeFirst(end + 1)
        return text
    }

    /// Where the empty line begins that ends a head.
    private static func end(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...(bytes.count - 4)).first { place in
            bytes[place] == 0x0D && bytes[place + 1] == 0x0A && bytes[place + 2] == 0x0D && bytes[place + 3] == 0x0A
        }
    }

    private static func read(_ text: String) throws(Malformed) -> Head {
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        let words = (lines.popFirst() ?? "").split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let code = Int(words[1]), (100...599).contains(code)
        else { throw Malformed(description: "what answers in the pod does not speak HTTP") }
        var headers = HTTPHeaders()
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                throw Malformed(description: "the answer has a header without a name")
            }
            let name = line[..<colon]
            let value = line[line.index(after: colon)...].trimmingPrefix { $0 == " " || $0 == "\t" }
            let isPlain = name.utf8.allSatisfy { (0x21...0x7E).contains($0) } && value.utf8.allSatisfy { $0 >= 0x20 }
            guard isPlain else { throw Malformed(description: "the answer has a header with control characters") }
            headers.add(name: String(name), value: String(value))
        }
        return Head(status: HTTPResponseStatus(statusCode: code), headers: headers)
    }
}
