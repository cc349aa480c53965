import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1
import TestKit
import Testing

@testable import EmbeddedCluster

/// Watches all the while, and resumes from the last version that it has seen whenever the server is killed.
struct CrashWatcher {
    struct Event: Equatable {
        var type: String
        var name: String
        var version: Int
        var value: String
    }

    /// The object whose event ends the watch.
    static let last = "last"

    private let client: HTTPClient
    private let note: @Sendable (Event) -> Void
    let selector: String
    private var version: Int
    private var isOver = false
    private(set) var events: [Event] = []
    private(set) var resumptions = 0

    /// - Parameters:
    ///   - selector: a label selector, percent-encoded; empty for everything.
    ///   - note: told of each event as it comes.
    init(
        client: HTTPClient, selector: String, after version: Int, note: @escaping @Sendable (Event) -> Void = { _ in }
    ) {
        self.client = client
        self.note = note
        self.selector = selector
        self.version = version
    }

    mutating func run() async throws {
        while !isOver {
            var parameters = "watch=true&allowWatchBookmarks=true&resourceVersion=\(version)"
            if !selector.isEmpty { parameters += "&labelSelector=\(selector)" }
            let target = "/api/v1/namespaces/default/configmaps?\(parameters)"
            let stream = try await eventually("the server is back", within: .seconds(60)) {
                try? await client.stream(HTTPClientRequest(.GET, target))
            }
            #expect(stream.status == .ok)
            try await follow(stream)
            stream.cancel()
            resumptions += 1
        }
    }

    private mutating func follow(_ stream: HTTPClientStream) async throws {
        var pending = ByteBuffer()
        do {
            for try await var piece in stream.body {
                pending.writeBuffer(&piece)
                while let end = pending.readableBytesView.firstIndex(of: UInt8(ascii: "\n")),
                    let line = pending.readBytes(length: end - pending.readerIndex + 1)
                {
                    try take(try JSON(parsing: line))
                    if isOver { return }
                }
            }
        } catch is HTTPTransportError {
            // The server was killed; what came of a line that it had begun is nothing.
        }
    }

    private mutating func take(_ line: JSON) throws {
        let type = try #require(line["type"]?.string)
        let object = KubernetesObject(line["object"] ?? .null)
        let found = try #require(Int(object.resourceVersion), "\(line.text().prefix(300))")
        if type == "BOOKMARK" {
            #expect(found >= version, "a bookmark goes back")
            version = found
            return
        }
        #expect(found > version, "\(type) \(object.name) has version \(found) after \(version)")
        version = found
        isOver = object.name == Self.last
        let event = Event(
            type: type, name: object.name, version: found, value: object.json["data", "v"]?.string ?? "")
        events.append(event)
        note(event)
    }
}
