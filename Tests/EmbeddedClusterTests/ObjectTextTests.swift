import NIOCore
import Testing

@testable import EmbeddedCluster

@Suite("The text of an object")
struct ObjectTextTests {
    private static let whole = Array("start-shared-middle-more-end".utf8)

    /// The text of `whole`, with two parts of it kept elsewhere: its own bytes are `start--middle--end`.
    private func cut() -> ObjectText {
        var text = ObjectText()
        text.append { $0.append(contentsOf: "start-shared".utf8) }
        text.share(last: Array("shared".utf8))
        text.append { $0.append(contentsOf: "-middle-more".utf8) }
        text.share(last: Array("more".utf8))
        text.append { $0.append(contentsOf: "-end".utf8) }
        return text
    }

    @Test("is the same in every form, wherever it is cut")
    func forms() {
        let text = cut()
        #expect(text.own == Array("start--middle--end".utf8))
        #expect(text.count == Self.whole.count)
        #expect(text.bytes == Self.whole)
        #expect(Array(text.buffer.readableBytesView) == Self.whole)
        var buffer = ByteBuffer(bytes: [2])
        text.write(to: &buffer)
        #expect(Array(buffer.readableBytesView) == [2] + Self.whole)
        #expect(ObjectText(Self.whole).bytes == Self.whole)
        #expect(ObjectText().bytes.isEmpty)
    }

    @Test("may begin and end with parts of others")
    func ends() {
        var text = ObjectText()
        for word in ["one", "two"] {
            text.append { $0.append(contentsOf: word.utf8) }
            text.share(last: Array(word.utf8))
        }
        #expect(text.own.isEmpty)
        #expect(text.bytes == Array("onetwo".utf8))
    }

    @Test(
        "takes more bytes at a place of its own, after the part that stands there",
        arguments: [
            (0, "42start-shared-middle-more-end"), (5, "start42-shared-middle-more-end"),
            (6, "start-shared42-middle-more-end"), (8, "start-shared-m42iddle-more-end"),
            (14, "start-shared-middle-more42-end"), (18, "start-shared-middle-more-end42"),
        ])
    func inserting(place: Int, expected: String) {
        let text = cut()
        let more = text.inserting("42".utf8, at: place)
        #expect(String(decoding: more.bytes, as: UTF8.self) == expected)
        #expect(more.count == expected.utf8.count)
        #expect(text.bytes == Self.whole)
    }
}
