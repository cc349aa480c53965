import JSONTree
import Testing

@testable import KubernetesModel

@Suite("OpenAPI version 2")
struct OpenAPIVersion2Tests {
    private static let widgets = ResourceType(
        group: "parity.example.com", version: "v1", plural: "widgets", kind: "Widget", isNamespaced: true)

    private func document(_ schema: JSON = ["type": "object"]) -> JSON {
        OpenAPIDocument.version2(
            [
                OpenAPIResource(.deployments, subresources: ["status", "scale"]),
                OpenAPIResource(Self.widgets, openAPIV3Schema: schema),
            ], serverVersion: "v1.36.2")
    }

    @Test("every reference leads to a definition, and nothing of version 3 is left")
    func closed() throws {
        let document = document()
        #expect(document["swagger"] == "2.0")
        let definitions = try #require(document["definitions"]?.object)
        for reference in document.references {
            #expect(definitions.contains(String(reference.dropFirst("#/definitions/".count))), "\(reference)")
        }
        let text = document.text()
        for word in ["requestBody", "#/components", "oneOf", "allOf"] { #expect(!text.contains(word), "\(word)") }
        let port = definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]
        #expect(port == ["type": "string", "format": "int-or-string"])
    }

    @Test("bodies are parameters, and parameters have their types beside their names")
    func operations() throws {
        let patch = try #require(
            document()["paths"]?["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]?["patch"])
        let parameters = try #require(patch["parameters"]?.array)
        #expect(parameters.first == ["name": "dryRun", "in": "query", "type": "string", "uniqueItems": true])
        #expect(parameters.last?["schema"]?["$ref"] == "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Patch")
        #expect(patch["consumes"]?.strings?.contains("application/strategic-merge-patch+json") == true)
        #expect(
            patch["responses"]?["200"]?["schema"]?["$ref"] == "#/definitions/io.k8s.api.apps.v1.Deployment")
    }

    @Test("a custom resource's schema loses what version 2 has no word for")
    func custom() throws {
        let document = document([
            "type": "object", "required": ["spec"],
            "properties": [
                "spec": [
                    "type": "object", "required": ["size", "colour"],
                    "properties": [
                        "size": ["type": "integer", "minimum": 1, "anyOf": [["minimum": 2]]],
                        "colour": ["type": "string", "nullable": true],
                        "any": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
                    ],
                ]
            ],
        ])
        let widget = try #require(document["definitions"]?["com.example.parity.v1.Widget"])
        let spec = try #require(widget["properties"]?["spec"])
        #expect(spec["required"] == ["size"])
        #expect(spec["properties"]?["size"] == ["type": "integer", "minimum": 1])
        #expect(spec["properties"]?["colour"] == [:])
        #expect(spec["properties"]?["any"] == ["x-kubernetes-preserve-unknown-fields": true])
        #expect(widget["x-kubernetes-group-version-kind"]?[0]?["kind"] == "Widget")
        let open = self.document(["type": "object", "x-kubernetes-preserve-unknown-fields": true])
        #expect(open["definitions"]?["com.example.parity.v1.Widget"]?["properties"] == nil)
    }

    /// The fields of a message with their numbers, in order.
    private func fields(_ bytes: ArraySlice<UInt8>) throws -> [(number: Int, value: ProtobufReader.Value)] {
        var reader = ProtobufReader(bytes)
        var found: [(number: Int, value: ProtobufReader.Value)] = []
        while let field = try reader.next() { found.append((field.number, field.value)) }
        return found
    }

    private func message(_ field: Int, of bytes: ArraySlice<UInt8>, at place: Int = 0) throws -> ArraySlice<UInt8> {
        let all = try fields(bytes).filter { $0.number == field }
        guard all.indices.contains(place), case .bytes(let bytes) = all[place].value else {
            throw ProtobufError("no message in field \(field)")
        }
        return bytes
    }

    @Test("the protobuf form has the numbers of gnostic's messages")
    func protobuf() throws {
        let source: JSON = [
            "swagger": "2.0", "info": ["title": "Kubernetes", "version": "v1"],
            "paths": [
                "/a": [
                    "get": [
                        "operationId": "readA", "parameters": [["name": "dryRun", "in": "query", "type": "string"]],
                        "x-kubernetes-action": "get",
                    ]
                ]
            ],
            "definitions": [
                "A": ["type": "object", "required": ["b"], "properties": ["b": ["$ref": "#/definitions/B"]]]
            ],
        ]
        let bytes = OpenAPIProtobuf.encode(source)[...]
        #expect(try message(1, of: bytes) == ArraySlice("2.0".utf8))
        #expect(try message(1, of: try message(2, of: bytes)) == ArraySlice("Kubernetes".utf8))
        let path = try message(2, of: try message(8, of: bytes))
        #expect(try message(1, of: path) == ArraySlice("/a".utf8))
        let get = try message(2, of: try message(2, of: path))
        #expect(try message(5, of: get) == ArraySlice("readA".utf8))
        let parameter = try message(1, of: try message(8, of: get))
        let query = try message(3, of: try message(2, of: parameter))
        #expect(try message(4, of: query) == ArraySlice("dryRun".utf8))
        let action = try message(13, of: get)
        #expect(try message(1, of: action) == ArraySlice("x-kubernetes-action".utf8))
        #expect(try message(2, of: try message(2, of: action)) == ArraySlice("\"get\"".utf8))
        let named = try message(1, of: try message(9, of: bytes))
        let schema = try message(2, of: named)
        #expect(try message(19, of: schema) == ArraySlice("b".utf8))
        #expect(try message(1, of: try message(22, of: schema)) == ArraySlice("object".utf8))
        let member = try message(1, of: try message(25, of: schema))
        #expect(try message(1, of: try message(2, of: member)) == ArraySlice("#/definitions/B".utf8))
    }
}
