import ClusterAPI
import JSONTree
import Testing

@testable import PodSessions

struct ChannelMessageTests {
    @Test(
        "a message survives encoding and parsing",
        arguments: [
            ChannelMessage.standardInput([]), .standardInput([0, 255]), .standardOutput([1]), .standardError([2]),
            .status([3]), .resize(columns: 80, rows: 24), .end(channel: 0),
        ])
    func roundTrip(message: ChannelMessage) throws {
        #expect(try ChannelMessage(parsing: message.encoded) == message)
    }

    @Test("the numbers of the channels are Kubernetes'")
    func numbers() {
        #expect(ChannelMessage.standardOutput([7]).encoded == [1, 7])
        #expect(ChannelMessage.status([7]).encoded == [3, 7])
        #expect(ChannelMessage.end(channel: 2).encoded == [255, 2])
    }

    @Test(
        "what is no message is refused",
        arguments: [
            [], [5], [254, 1], [255], [255, 0, 0], [4], [4] + Array("{".utf8),
            [4] + Array(#"{"Width":-1,"Height":1}"#.utf8), [4] + Array(#"{"Width":1,"Height":70000}"#.utf8),
            [4] + Array(repeating: UInt8(ascii: "["), count: 100_000),
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        #expect(throws: ChannelMessage.Malformed.self) { try ChannelMessage(parsing: bytes) }
    }

    @Test("only the end of standard input means something to a program")
    func input() {
        #expect(ChannelMessage.end(channel: 0).input == .end)
        #expect(ChannelMessage.end(channel: 1).input == nil)
        #expect(ChannelMessage.standardInput([]).input == nil)
        #expect(ChannelMessage.standardOutput([1]).input == nil)
    }

    @Test("input survives being a message")
    func inputs() {
        for input in [ContainerStreams.Input.bytes([1]), .end, .resize(columns: 3, rows: 4)] {
            #expect(ChannelMessage(input).input == input)
        }
    }
}
