import JSONTree
import KubernetesModel
import Testing

@Suite("Kubernetes' protobuf form")
struct ProtobufDecoderTests {
    /// A message field: a tag, a length, the bytes.
    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(bytes.count)] + bytes
    }

    private static func text(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

    private static func body(_ apiVersion: String, _ kind: String, _ raw: [UInt8]) -> [UInt8] {
        Array("k8s\u{0}".utf8) + field(1, text(1, apiVersion) + text(2, kind)) + field(2, raw)
    }

    @Test("maps, times that were never set, numbers and nested messages read as their JSON")
    func object() throws {
        let metadata = Self.text(1, "lit") + Self.text(2, "") + Self.field(8, []) + [7 << 3, 3]
        let entry = Self.text(1, "a") + Self.text(2, "1")
        let raw = Self.field(1, metadata) + Self.field(2, entry) + [4 << 3, 1]
        let object = try ProtobufDecoder.decode(Self.body("v1", "ConfigMap", raw))
        #expect(
            object == [
                "apiVersion": "v1", "kind": "ConfigMap", "immutable": true, "data": ["a": "1"],
                "metadata": ["name": "lit", "generateName": "", "generation": 3],
            ])
    }

    @Test("lists gather their elements, and messages that JSON has no member for melt into their parent")
    func lists() throws {
        // A pod with two containers and a volume whose source is a config map.
        func container(_ name: String) -> [UInt8] { Self.field(2, Self.text(1, name)) }
        let source = Self.field(19, Self.field(1, Self.text(1, "settings")))
        // Field 19 has a tag of two bytes.
        let volumeSource: [UInt8] = [0x9A, 0x01] + source.dropFirst(1)
        let volume = Self.field(1, Self.text(1, "v") + Self.field(2, volumeSource))
        let raw = Self.field(2, volume + container("a") + container("b"))
        let object = try ProtobufDecoder.decode(Self.body("v1", "Pod", raw))
        #expect(object["spec", "containers"] == [["name": "a"], ["name": "b"]])
        #expect(object["spec", "volumes"] == [["name": "v", "configMap": ["name": "settings"]]])
    }

    @Test("a field that is not known is left out")
    func unknown() throws {
        let raw = Self.text(15, "later") + Self.field(1, Self.text(1, "n"))
        #expect(
            try ProtobufDecoder.decode(Self.body("v1", "Namespace", raw)) == [
                "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "n"],
            ])
    }

    @Test("the options of a deletion may name any group")
    func deletionOptions() throws {
        let object = try ProtobufDecoder.decode(
            Self.body("coordination.k8s.io/v1", "DeleteOptions", Self.text(4, "Orphan")))
        #expect(object["propagationPolicy"] == "Orphan")
    }

    @Test(
        "what is malformed is refused",
        arguments: [
            [], Array("k8s".utf8), Array("{}".utf8), Array("k8s\u{0}".utf8) + [10, 200],
            body("v1", "Flurb", []), body("v1", "Pod", [10, 5, 1]), body("v1", "Pod", [11]),
            body("v1", "Pod", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
            body("v1", "Pod", [1 << 3, 1]), body("v1", "Pod", field(1, [10, 2, 0xC3, 0x28])),
        ] as [[UInt8]])
    func malformed(_ bytes: [UInt8]) {
        #expect(throws: ProtobufError.self) { try ProtobufDecoder.decode(bytes) }
    }

    @Test("any cut of a body is read or refused, never more")
    func cuts() throws {
        let whole = Self.body("v1", "ConfigMap", Self.field(1, Self.text(1, "a")) + Self.field(2, Self.text(1, "k")))
        for length in whole.indices { _ = try? ProtobufDecoder.decode(Array(whole[..<length])) }
    }
}
