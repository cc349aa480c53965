import Foundation
import JSONTree
import Testing
import Wire

struct MessageTests {
    /// The fixtures of protocol version 1. They never change; a new version adds a folder.
    static func fixture(_ name: String) throws -> [UInt8] {
        let url = Bundle.module.bundleURL.appending(path: "Fixtures/version-1/\(name).json")
        return Array(try Data(contentsOf: url))
    }

    @Test("each fixture decodes to its message, for ever", arguments: MessageSamples.all.map(\.name))
    func fixtures(name: String) throws {
        let sample = try #require(MessageSamples.all.first { $0.name == name }?.message)
        #expect(try Message(parsing: try Self.fixture(name)) == sample)
        #expect(sample.type == name)
    }

    @Test("each message survives the wire", arguments: MessageSamples.all.map(\.name))
    func roundTrip(name: String) throws {
        let sample = try #require(MessageSamples.all.first { $0.name == name }?.message)
        #expect(try Message(parsing: sample.encoded) == sample)
    }

    @Test("fields that this version does not know are ignored", arguments: MessageSamples.all.map(\.name))
    func unknownFields(name: String) throws {
        let sample = try #require(MessageSamples.all.first { $0.name == name }?.message)
        var json = sample.json
        json["fieldOfTheFuture"] = ["a": [1, 2]]
        #expect(try Message(json: json) == sample)
    }

    @Test("a missing or mistyped field is an error that names it (F14)", arguments: MessageSamples.all.map(\.name))
    func missingFields(name: String) throws {
        let sample = try #require(MessageSamples.all.first { $0.name == name }?.message)
        for key in sample.json.object?.keys ?? [] where key != "type" {
            var json = sample.json
            json[key] = .number(JSONNumber(1.5) ?? JSONNumber(0))
            let error = #expect(throws: JSONError.self) { try Message(json: json) }
            #expect(error?.message.contains("\(name).\(key)") == true)
            json[key] = nil
            // Some fields may be absent; none may crash.
            do { _ = try Message(json: json) } catch { #expect(error.message.contains(key)) }
        }
    }

    @Test("a type that this version does not know is kept whole")
    func unknownType() throws {
        let json: JSON = ["type": "teleport", "to": "mars"]
        let message = try Message(json: json)
        #expect(message == .unknown(type: "teleport", json))
        #expect(message.json == json)
        #expect(message.type == "teleport")
    }

    @Test(
        "what is no message is refused",
        arguments: [
            "", "null", "[]", "{}", #"{"type":7}"#, #"{"type":"ping"}"#, #"{"type":"ping","id":-1}"#,
            #"{"type":"ping","id":1,"id":2}"#, #"{"type":"ping","id":NaN}"#, #"{"type":"ping","id":1e400}"#,
            #"{"type":"stream.open","id":0,"kind":"a","window":1}"#, #"{"type":"stream.window","id":1,"bytes":0}"#,
            #"{"type":"stream.opened","id":4294967296,"window":1}"#,
            #"{"type":"hello","versions":[2,1],"clusterID":"a","clusterName":"b","role":"hub","epoch":0}"#,
            #"{"type":"hello","versions":[1,1],"clusterID":"a","clusterName":"b","role":"king","epoch":0}"#,
            #"{"type":"digest","set":"all","entries":{},"epoch":0}"#,
            #"{"type":"digest","set":"desired","entries":{"x":"y"},"epoch":0}"#,
            #"{"type":"desired","sequence":1,"removals":["Pod//x"]}"#,
            #"{"type":"desired","sequence":1,"upserts":[{"key":"Pod/a/b","hash":"x"}]}"#,
            #"{"type":"observed","sequence":1,"upserts":[{"key":"Namespace/a","hash":"x","namespace":[]}]}"#,
        ])
    func refused(text: String) {
        #expect(throws: JSONError.self) { try Message(parsing: Array(text.utf8)) }
    }

    @Test("depth and number of values are bounded (F14)")
    func limits() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try Message(parsing: Array(deep.utf8)) }
        let wide = #"{"type":"x","a":["# + String(repeating: "1,", count: 2000) + "1]}"
        #expect(throws: JSONError.self) { try Message(parsing: Array(wide.utf8), limits: .unauthenticated) }
        #expect(throws: Never.self) { try Message(parsing: Array(wide.utf8)) }
    }

    @Test("credentials and secrets are never compressed, and not shown (A1)")
    func credentials() throws {
        for (name, message) in MessageSamples.all {
            let isCredential = ["enroll", "enrolled", "renew", "renewed"].contains(name)
            // The sample of desired holds a Secret.
            #expect(message.isCompressible == !(isCredential || name == "desired"))
            #expect(!"\(message)".contains("c2VjcmV0"))
            var dumped = ""
            if let body = message.body { dump(body, to: &dumped) }
            #expect(!dumped.contains("c2VjcmV0"))
        }
        #expect(Message.desired(DesiredMessage()).isCompressible)
    }
}
