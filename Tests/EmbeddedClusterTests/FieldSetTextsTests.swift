import KubernetesModel
import Testing

@testable import EmbeddedCluster

@Suite("Sets of fields in the text of managedFields")
struct FieldSetTextsTests {
    private func found(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        return FieldSetTexts.ranges(in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test("each entry's set is found, whatever its keys hold")
    func sets() {
        let first = #"{"f:spec":{"k:{\"name\":\"}}{\"}":{".":{},"f:a\\":{}}}}"#
        let second = #"{"f:status":{}}"#
        let text =
            #"[{"manager":"a","fieldsV1":\#(first)},{"manager":"b","fieldsV1":\#(second),"subresource":"status"}]"#
        #expect(found(text) == [first, second])
    }

    @Test(
        "nothing is found where there is no such set",
        arguments: [
            "", "[]", #"[{"manager":"\"fieldsV1\":{}","fieldsType":"FieldsV1"}]"#, #"[{"fieldsV1":"#,
            #"[{"fieldsV1":{"f:spec":{}"#, #"[{"fieldsV1":null}]"#, #"[{"fieldsV1":"{}"}]"#,
        ])
    func nothing(text: String) {
        #expect(found(text).isEmpty)
    }

    @Test("the list of an object is found before whatever follows it")
    func list() {
        let text = #"{"metadata":{"resourceVersion":"7","managedFields":[{"manager":"]"},{}],"name":"a"},"spec":[]}"#
        let bytes = Array(text.utf8)
        let found = FieldSetTexts.list(in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
        #expect(found == #"[{"manager":"]"},{}]"#)
        #expect(FieldSetTexts.list(in: Array(#"{"metadata":{"name":"managedFields"}}"#.utf8)) == nil)
    }
}
