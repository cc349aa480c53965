import JSONTree
import KubernetesModel
import Testing

@testable import EmbeddedCluster

@Suite("Parts that objects share")
struct SharedPartsTests {
    private func pod(_ name: String, image: String, node: String) -> KubernetesObject {
        KubernetesObject(
            .pods, name: name, namespace: "default",
            [
                "spec": [
                    "nodeName": .string(node),
                    "containers": [
                        ["name": "main", "image": .string(image), "args": ["one", "two", "three", "four"]]
                    ],
                ]
            ])
    }

    /// Where a list's elements lie in memory.
    private func address(_ json: JSON?) throws -> UnsafeRawPointer? {
        try #require(json?.array).withUnsafeBytes(\.baseAddress)
    }

    @Test("equal containers of different pods lie in one place, others do not, and the text is each object's own")
    func shared() throws {
        let image = "registry.example.com/shared-parts"
        let first = PreparedObject(pod("a", image: image, node: "n1"), managed: [])
        let second = PreparedObject(pod("b", image: image, node: "n2"), managed: [])
        let other = PreparedObject(pod("c", image: image + ":2", node: "n1"), managed: [])
        let place = try address(first.object.spec["containers"])
        #expect(try address(second.object.spec["containers"]) == place)
        #expect(try address(other.object.spec["containers"]) != place)
        #expect(second.object == pod("b", image: image, node: "n2"))
        let reference = ObjectReference(
            resource: ResourceID(.pods), key: ObjectKey(namespace: "default", name: "b"))
        var stored = try JSON(parsing: second.stored(reference, revision: 7).bytes)
        #expect(stored["metadata", "resourceVersion"] == "7")
        stored["metadata", "resourceVersion"] = nil
        #expect(stored == pod("b", image: image, node: "n2").json)
    }

    /// The text of `metadata.managedFields` with one set of fields, long enough to be shared.
    private func managed(time: String, field: String) -> [UInt8] {
        let fields = (0..<20).map { #""f:\#(field)\#($0)":{".":{}}"# }.joined(separator: ",")
        return Array(
            #"[{"manager":"m","operation":"Update","apiVersion":"v1","time":"\#(time)","fieldsV1":{\#(fields)}}]"#.utf8)
    }

    private func reference(_ name: String) -> ObjectReference {
        ObjectReference(resource: ResourceID(.pods), key: ObjectKey(namespace: "default", name: name))
    }

    @Test("long equal parts are once in memory as text too, and each text stays what it was")
    func text() throws {
        let image = "registry.example.com/" + String(repeating: "shared-text", count: 30)
        let names = ["a", "b", "c"]
        let stored = names.enumerated().map { number, name in
            PreparedObject(
                pod(name, image: image, node: "n-\(name)"), managed: managed(time: "\(number)", field: "text")
            ).stored(reference(name), revision: 1000 + number)
        }
        // The first of its kind is not known to be shared yet.
        #expect(stored[0].text.parts.isEmpty)
        #expect(stored[1].text.parts.count == 2)
        #expect(stored[1].text.own.count < stored[0].text.own.count / 2)
        for place in 0..<2 {
            let addresses = stored[1...].map { $0.text.parts[place].text.withUnsafeBytes(\.baseAddress) }
            #expect(addresses[0] == addresses[1])
        }
        for (number, object) in stored.enumerated() {
            var json = try JSON(parsing: object.bytes)
            #expect(json["metadata", "resourceVersion"]?.string == "\(1000 + number)")
            #expect(object.managedFields == managed(time: "\(number)", field: "text"))
            #expect(try json["metadata", "managedFields"] == JSON(parsing: managed(time: "\(number)", field: "text")))
            json["metadata", "managedFields"] = nil
            #expect(json == object.object.json)
        }
    }

    @Test("where the spec comes before the metadata, owned fields are found as well")
    func specFirst() throws {
        let image = "registry.example.com/" + String(repeating: "spec-first", count: 30)
        for name in ["a", "b"] {
            let json: JSON = [
                "spec": pod(name, image: image, node: "n").spec, "metadata": ["name": .string(name)],
            ]
            let owned = managed(time: name, field: "first")
            let object = PreparedObject(KubernetesObject(json), managed: owned).stored(reference(name), revision: 12)
            #expect(object.managedFields == owned)
            #expect(try JSON(parsing: object.bytes)["spec"] == json["spec"])
        }
    }

    @Test("what is read from the file shares as well, and a change of one leaves the other as it is")
    func loaded() throws {
        let image = "registry.example.com/" + String(repeating: "shared-parts-loaded", count: 20)
        let objects = try ["a", "b", "c"].map { name in
            let owned = managed(time: name, field: "loaded")
            let bytes = PreparedObject(pod(name, image: image, node: "n"), managed: owned)
                .stored(reference(name), revision: 7).bytes
            let object = try StoredObject.loaded(reference(name), revision: 7, bytes: bytes)
            #expect(object.bytes == bytes)
            #expect(object.managedFields == owned)
            #expect(object.text.parts.count == 2)
            return object
        }
        let trees = objects.map(\.object)
        #expect(try address(trees[0].spec["containers"]) == address(trees[1].spec["containers"]))
        var changed = trees[0]
        changed.json["spec"]?["containers"] = []
        #expect(trees[1].spec == pod("b", image: image, node: "n").spec)
    }

    @Test("a text that would be encoded otherwise today stays as it is in the file")
    func foreignText() throws {
        let text = #"{"metadata": {"name": "a", "resourceVersion": "7", "managedFields": []}, "spec": {"x": "\u0041"}}"#
        let object = try StoredObject.loaded(reference("a"), revision: 7, bytes: Array(text.utf8))
        #expect(object.bytes == Array(text.utf8))
        #expect(object.object.spec["x"] == "A")
        #expect(object.managedFields == Array("[]".utf8))
    }

    @Test("old parts make room for new ones")
    func bounded() throws {
        let parts = SharedParts()
        func text(_ number: Int) -> JSON { .string("\(number) " + String(repeating: "x", count: 100)) }
        for number in 0..<1000 { #expect(parts.known(text(number), text: text(number).encoded()[...])?.value == nil) }
        #expect(parts.known(text(999), text: text(999).encoded()[...])?.value == text(999))
        #expect(parts.known(text(0), text: text(0).encoded()[...])?.value == nil)
    }
}
