import JSONTree
import Testing

@testable import Wire

struct SignOfLifeTests {
    @Test(
        "pings and pongs are the same bytes as by their JSON, and are read back",
        arguments: [0, 1, 9, 10, 4711, 999_999_999_999_999_999, 1_000_000_000_000_000_000, .max])
    func sameBytes(id: Int) throws {
        for message in [Message.ping(PingMessage(id: id)), .pong(PongMessage(id: id))] {
            #expect(message.encoded == message.json.encoded())
            #expect(try Message(parsing: message.encoded) == message)
            #expect(try Message(parsing: message.encoded[...]) == message)
        }
    }

    @Test(
        "what is almost a ping is read as any other text",
        arguments: [
            #"{"type":"ping","id":01}"#, #"{"type":"ping","id":}"#, #"{"type":"ping","id":1"#,
            #"{"type":"ping","id":1}}"#,
            #"{"type":"ping","id":1,"more":2}"#, #"{"id":3,"type":"pong"}"#, #"{"type": "pong", "id": 3}"#,
            #"{"type":"ping","id":1.0}"#, #"{"type":"ping","id":1e2}"#, #"{"type":"ping","id":-0}"#,
            #"{"type":"ping","id":"1"}"#, #"{"type":"ping","id":99999999999999999999}"#, #"{"type":"pang","id":1}"#,
            #"{"type":"ping","id":1x}"#, "",
        ])
    func others(text: String) {
        let bytes = Array(text.utf8)
        #expect(SignOfLife.message(in: bytes) == nil)
        let plain = Result { try Message(json: JSON(parsing: bytes)) }
        let read = Result { try Message(parsing: bytes) }
        #expect((try? read.get()) == (try? plain.get()))
    }
}
