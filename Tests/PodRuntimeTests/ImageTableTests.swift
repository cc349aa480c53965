import Foundation
import Testing

@testable import PodRuntime

@Suite struct ImageTableTests {
    static let shippedTable = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("config/images.yaml").path

    @Test(
        "image names are shortened as people write them",
        arguments: [
            ("nginx", "nginx", nil), ("docker.io/library/nginx:1.27", "nginx", "1.27"),
            ("localhost:5000/a/b", "localhost:5000/a/b", nil), ("localhost:5000/a:v1", "localhost:5000/a", "v1"),
            ("nginxdemos/hello@sha256:00", "nginxdemos/hello", nil),
        ] as [(String, String, String?)])
    func reference(text: String, repository: String, tag: String?) {
        #expect(ImageReference(text).repository == repository)
        #expect(ImageReference(text).tag == tag)
    }

    @Test("the very tag comes before the entry for all tags")
    func lookUp() {
        let table = ImageTable(entries: [
            "nginx": ImageTable.Entry(command: ["all"]), "nginx:1.27": ImageTable.Entry(command: ["one"]),
            "only:2": ImageTable.Entry(command: ["two"]),
        ])
        #expect(table["nginx:1.27"]?.command == ["one"])
        #expect(table["docker.io/library/nginx:1.26"]?.command == ["all"])
        #expect(table["only:1"] == nil)
    }

    @Test(
        "what is wrong is named by file, line and key",
        arguments: [
            ("images:\n  nginx:\n    comand: [a]\n", "images.yaml:3: unknown key \"comand\""),
            ("imagse: {}\n", "images.yaml:1: unknown key \"imagse\""),
            ("images:\n  nginx:\n    env: {}\n", "images.yaml:3: images.nginx.command is missing or empty"),
            ("images:\n  nginx:\n    command: text\n", "images.nginx.command must be a list of texts"),
            ("images:\n  a:\n    command: [a]\n    ports: [0]\n", "\"0\" is no port"),
            ("images:\n  a:\n    command: [a]\n    files:\n      ../x: {content: a}\n", "must stay below"),
        ])
    func strict(yaml: String, message: String) throws {
        let error = try #require(throws: PodRuntimeError.self) { try ImageTable(yaml: yaml, source: "images.yaml") }
        #expect(error.message.contains(message), "\(error.message)")
    }

    @Test("the table that is shipped is right")
    func shipped() throws {
        let table = try ImageTable(contentsOf: Self.shippedTable)
        for image in ["nginxdemos/hello", "nginx:1.27", "busybox", "registry.k8s.io/pause:3.10", "pause"] {
            #expect(table[image] != nil, "\(image)")
        }
    }

    @Test("variables are expanded as Kubernetes does")
    func expansion() {
        let expand = { (text: String) in VariableExpansion.expand(text) { $0 == "A" ? "1" : nil } }
        #expect(expand("$(A)-$(B)-$$(A)-$A-$") == "1-$(B)-$(A)-$A-$")
        #expect(expand("$(A") == "$(A")
    }
}
