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

    @Test("a tree that is read from the file shares as well, and a change of one leaves the other as it is")
    func loaded() throws {
        let image = "registry.example.com/shared-parts-loaded"
        let trees = try ["a", "b"].map { name in
            let object = StoredObject(
                resource: ResourceID(.pods), key: ObjectKey(namespace: "default", name: name), revision: 1,
                bytes: pod(name, image: image, node: "n").json.encoded())
            try object.loadTree()
            return object.object
        }
        #expect(try address(trees[0].spec["containers"]) == address(trees[1].spec["containers"]))
        var changed = trees[0]
        changed.json["spec"]?["containers"] = []
        #expect(trees[1] == pod("b", image: image, node: "n"))
    }

    @Test("old parts make room for new ones")
    func bounded() throws {
        let parts = SharedParts()
        func text(_ number: Int) -> JSON { .string("\(number) " + String(repeating: "x", count: 100)) }
        for number in 0..<1000 { #expect(parts.known(text(number), text: text(number).encoded()[...]) == nil) }
        #expect(parts.known(text(999), text: text(999).encoded()[...]) == text(999))
        #expect(parts.known(text(0), text: text(0).encoded()[...]) == nil)
    }
}
