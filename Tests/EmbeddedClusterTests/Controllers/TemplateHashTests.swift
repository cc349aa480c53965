import JSONTree
import Testing

@testable import EmbeddedCluster

@Suite("The hash of a pod template")
struct TemplateHashTests {
    private let template: JSON = [
        "metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "a", "image": "b"]]],
    ]

    @Test("does not change from run to run, which would roll everything out anew")
    func isStable() {
        #expect(TemplateHash.of(template, collisions: 0) == "7f78bd9cfd")
    }

    @Test("looks neither at the order of members nor at the hash label nor at nulls")
    func isSemantic() {
        let same: JSON = [
            "spec": ["containers": [["image": "b", "name": "a"]]],
            "metadata": [
                "creationTimestamp": .null, "labels": ["pod-template-hash": "x", "app": "web"],
            ],
        ]
        #expect(TemplateHash.of(same, collisions: 0) == TemplateHash.of(template, collisions: 0))
        #expect(TemplateHash.areEqual(same, template))
    }

    @Test("is another one for another template, and after a collision")
    func differs() {
        var other = template
        other["spec", "containers"] = [["name": "a", "image": "c"]]
        #expect(TemplateHash.of(other, collisions: 0) != TemplateHash.of(template, collisions: 0))
        #expect(TemplateHash.of(template, collisions: 1) != TemplateHash.of(template, collisions: 0))
    }
}
