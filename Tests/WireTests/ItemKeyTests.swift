import JSONTree
import Testing
import Wire

struct ItemKeyTests {
    @Test("keys read back as they were written", arguments: ["Namespace/liqo-demo", "Pod/liqo-demo/name"])
    func texts(text: String) { #expect(ItemKey(text)?.text == text) }

    @Test("what is no key is none", arguments: ["", "Pod", "Pod/", "/a", "Pod//a", "a/b/c/d", "Pod/a/"])
    func refused(text: String) { #expect(ItemKey(text) == nil) }

    @Test("a key that is too long is none")
    func long() { #expect(ItemKey("Pod/" + String(repeating: "x", count: 400)) == nil) }

    @Test("namespaces come before what lies in them, and pods after what they use")
    func order() {
        let secret = ItemKey(kind: "Secret", namespace: "z", name: "s")
        let keys: [ItemKey] = [.pod("a", "b"), secret, .namespace("z"), .pod("a", "a"), .namespace("b")]
        #expect(keys.sorted() == [.namespace("b"), .namespace("z"), secret, .pod("a", "a"), .pod("a", "b")])
    }

    @Test("the bytes under a hash do not depend on the order of fields")
    func canonical() {
        let one = DesiredContent.pod(
            DesiredPod(originUID: "u", remoteNamespace: "n", object: ["a": 1, "b": ["c": 2, "d": 3]]))
        let other = DesiredContent.pod(
            DesiredPod(originUID: "u", remoteNamespace: "n", object: ["b": ["d": 3, "c": 2], "a": 1]))
        #expect(one.canonicalBytes == other.canonicalBytes)
    }
}
