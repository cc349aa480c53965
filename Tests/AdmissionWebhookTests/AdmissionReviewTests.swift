import Digests
import JSONTree
import KubernetesModel
import Testing

@testable import AdmissionWebhook

@Suite("Questions about pods")
struct AdmissionReviewTests {
    static func question(_ changes: [String: JSON] = [:], pod: JSON = ["spec": ["nodeName": "a"]]) -> JSON {
        var request: JSON = [
            "uid": "u-1", "operation": "CREATE", "namespace": "shop", "object": pod,
            "resource": ["group": "", "version": "v1", "resource": "pods"],
        ]
        for (key, value) in changes { request[key] = value }
        return ["apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request]
    }

    private func read(_ json: JSON) throws -> AdmissionReview { try AdmissionReview(parsing: json.encoded()) }

    @Test("the answer is a patch that makes the one pod of the other", arguments: [[:], ["own": "1"]])
    func patch(_ annotations: [String: String]) throws {
        var before: JSON = [
            "metadata": ["name": "p"], "spec": ["schedulerName": "default-scheduler", "containers": []],
        ]
        if !annotations.isEmpty { before["metadata", "annotations"] = JSON(annotations) }
        let review = try read(Self.question(pod: before))
        var pod = try #require(review.pod)
        pod.spec["schedulerName"] = "causeway-scheduler"
        pod.spec["tolerations"] = [["key": "a/b~c", "operator": "Exists"]]
        pod.spec["a/b~c"] = 1
        pod.annotations["a/b"] = "2"
        let response = try #require(review.admitted(as: pod)["response"])
        #expect(response["uid"] == "u-1")
        #expect(response["allowed"] == true)
        #expect(response["patchType"] == "JSONPatch")
        let text = try #require(response["patch"]?.string)
        // As an API server reads it.
        let bytes = try #require(Base64.decode(text))
        let patched = try JSONPatch(try JSON(parsing: bytes)).applied(to: before)
        #expect(patched == pod.json)
    }

    @Test("a pod that stays as it is gets no patch")
    func unchanged() throws {
        let review = try read(Self.question())
        let response = try #require(review.admitted(as: review.pod)["response"])
        #expect(response == ["uid": "u-1", "allowed": true])
    }

    @Test("a warning is short enough to be shown")
    func warning() throws {
        let review = try read(Self.question())
        let answer = review.admittedUnchanged(String(repeating: "long ", count: 1000))
        #expect(answer["response"]?["allowed"] == true)
        #expect((answer["response"]?["warnings"]?[0]?.string?.utf8.count ?? 999) <= 256)
    }

    @Test(
        "what is no creation of a pod is let through",
        arguments: [
            ["operation": "UPDATE"], ["resource": ["group": "apps", "version": "v1", "resource": "pods"]],
            ["resource": ["version": "v1", "resource": "services"]], ["subResource": "binding"], ["namespace": ""],
        ] as [[String: JSON]])
    func others(_ changes: [String: JSON]) throws {
        let review = try read(Self.question(changes))
        #expect(review.pod == nil)
        #expect(review.admitted(as: nil)["response"] == ["uid": "u-1", "allowed": true])
    }

    @Test(
        "what is no question is refused by the name of the field",
        arguments: [
            (#"[]"#, "expected an object"), (#"{}"#, "apiVersion"),
            (#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}"#, "admission.k8s.io/v1"),
            (#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#, "request"),
            (#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":""}}"#, "request.uid"),
            (#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":7}}"#, "request.uid"),
            (
                #"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"a"}}"#,
                "request.resource"
            ),
            (
                #"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"a","namespace":"b","operation":"CREATE","resource":{"resource":"pods"},"object":[]}}"#,
                "request.object"
            ), ("{\"apiVersion\":", "JSON"),
        ])
    func refused(_ text: String, _ words: String) {
        do {
            _ = try AdmissionReview(parsing: text.utf8)
            Issue.record("\(text) was taken")
        } catch {
            #expect("\(error)".contains(words) || words == "JSON", "\(error)")
        }
    }

    @Test("depth and length are bounded")
    func bounds() {
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(throws: JSONError.self) { try AdmissionReview(parsing: deep.utf8) }
        let long = "\"" + String(repeating: "a", count: AdmissionReview.maximumLength) + "\""
        #expect(throws: JSONError.self) { try AdmissionReview(parsing: long.utf8) }
    }
}
