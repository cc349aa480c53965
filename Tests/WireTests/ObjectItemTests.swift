import JSONTree
import Testing
import Wire

@Suite("Objects that go with pods") struct ObjectItemTests {
    private let key = ItemKey(kind: "Secret", namespace: "demo", name: "key")

    @Test("they read back as they were written, with and without fields")
    func roundTrip() throws {
        for fields: JSON? in [["data": ["k": "dg=="]], nil] {
            let object = DesiredObject(remoteNamespace: "demo-cloud", fields: fields)
            let item = DesiredItem(key: key, hash: "h", content: .object(object))
            let read = try DesiredItem(fields: JSONFields(try JSON(parsing: Array(item.json.text().utf8))))
            #expect(read == item)
            #expect(read.content.object == object)
        }
        let seen = ObservedObject(reason: ObservedObject.conflict, message: "it is not ours")
        #expect(ObservedContent.object(seen).object == seen)
        #expect(!seen.isReady)
    }

    @Test("an agent of the first version keeps what it does not know, and what it says of that is understood")
    func earlierAgent() throws {
        let item = DesiredItem(
            key: key, hash: "h", content: .object(DesiredObject(remoteNamespace: "demo", fields: ["data": [:]])))
        // The field that an unknown kind must have.
        #expect(item.json["other"] != nil)
        let answer = ObservedContent.other(["reason": "NotSupported", "message": "upgrade it"])
        #expect(answer.object == ObservedObject(reason: ObservedObject.notSupported, message: "upgrade it"))
    }

    @Test("what does not read as an object is none", arguments: [[:], ["remoteNamespace": 1], "x"] as [JSON])
    func malformed(_ json: JSON) { #expect(DesiredContent.other(json).object == nil) }

    @Test("a message with a Secret is not deflated, one with a ConfigMap is")
    func compression() {
        func message(_ kind: String) -> Message {
            let item = DesiredItem(
                key: ItemKey(kind: kind, namespace: "demo", name: "x"), hash: "h",
                content: .object(DesiredObject(remoteNamespace: "demo", fields: ["data": ["k": "dg=="]])))
            return .desired(DesiredMessage(sequence: 1, upserts: [item]))
        }
        #expect(!message("Secret").isCompressible)
        #expect(message("ConfigMap").isCompressible)
    }
}
