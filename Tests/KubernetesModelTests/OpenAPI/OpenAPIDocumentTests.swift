import JSONTree
import Testing

@testable import KubernetesModel

@Suite("OpenAPI documents")
struct OpenAPIDocumentTests {
    private let apps = [
        OpenAPIResource(.deployments, subresources: ["status", "scale"]),
        OpenAPIResource(.replicaSets, subresources: ["status", "scale"]),
    ]

    private static let widgets = ResourceType(
        group: "parity.example.com", version: "v1", plural: "widgets", kind: "Widget", isNamespaced: true)

    @Test("every reference leads to a definition of the document")
    func closed() throws {
        for resources in [
            apps, [OpenAPIResource(.pods, subresources: ["status", "log", "exec", "binding", "eviction"])],
            [OpenAPIResource(.customResourceDefinitions, subresources: ["status"])],
        ] {
            let document = OpenAPIDocument.document(resources, serverVersion: "v1.36.2")
            let schemas = try #require(document["components"]?["schemas"]?.object)
            for reference in document.references {
                let name = String(reference.dropFirst("#/components/schemas/".count))
                #expect(schemas.contains(name), "\(reference)")
            }
        }
    }

    @Test("a kind's patch operation tells its parameters and patch types")
    func patch() throws {
        let document = OpenAPIDocument.document(apps, serverVersion: "v1.36.2")
        let patch = try #require(
            document["paths"]?["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]?["patch"])
        #expect(patch["x-kubernetes-action"] == "patch")
        #expect(
            patch["x-kubernetes-group-version-kind"] == ["group": "apps", "version": "v1", "kind": "Deployment"])
        let names = patch["parameters"]?.array?.compactMap { $0["name"]?.string }
        #expect(names == ["dryRun", "fieldManager", "fieldValidation", "force"])
        #expect(patch["requestBody"]?["content"]?["application/strategic-merge-patch+json"] != nil)
        let scale = document["paths"]?["/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"]?["put"]
        #expect(scale?["x-kubernetes-group-version-kind"]?["kind"] == "Scale")
        let spec = document["components"]?["schemas"]?["io.k8s.api.core.v1.PodSpec"]
        #expect(spec?["properties"]?["containers"]?["x-kubernetes-patch-merge-key"] == "name")
        #expect(spec?["x-omit-zero"] == nil)
    }

    @Test("a custom resource is described by its own schema")
    func customResource() throws {
        let resource = OpenAPIResource(
            Self.widgets, subresources: ["status"],
            openAPIV3Schema: [
                "type": "object",
                "properties": ["spec": ["type": "object", "properties": ["size": ["type": "integer"]]]],
            ])
        let document = OpenAPIDocument.document([resource], serverVersion: "v1.36.2")
        let schema = try #require(document["components"]?["schemas"]?["com.example.parity.v1.Widget"])
        #expect(schema["properties"]?.object?.keys == ["apiVersion", "kind", "metadata", "spec"])
        #expect(schema["x-kubernetes-group-version-kind"]?[0]?["kind"] == "Widget")
        let patch = document["paths"]?["/apis/parity.example.com/v1/namespaces/{namespace}/widgets/{name}"]?["patch"]
        #expect(patch?["requestBody"]?["content"]?["application/strategic-merge-patch+json"] == nil)
    }

    @Test("the index leads to each document by its hash")
    func index() {
        #expect(
            OpenAPIDocument.index([("apis/apps/v1", "AB"), ("api/v1", "CD")]) == [
                "paths": [
                    "api/v1": ["serverRelativeURL": "/openapi/v3/api/v1?hash=CD"],
                    "apis/apps/v1": ["serverRelativeURL": "/openapi/v3/apis/apps/v1?hash=AB"],
                ]
            ])
    }

    @Test("what every object has is described, for custom resources too")
    func described() throws {
        let resources = apps + [OpenAPIResource(Self.widgets, openAPIV3Schema: ["type": "object"])]
        let document = OpenAPIDocument.document(resources, serverVersion: "v1.36.2")
        let schemas = try #require(document["components"]?["schemas"]?.object)
        let meta = schemas["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]?["properties"]
        #expect(
            meta?["creationTimestamp"]?["description"]?.string?.hasPrefix("CreationTimestamp is a timestamp") == true)
        for name in ["io.k8s.api.apps.v1.Deployment", "com.example.parity.v1.Widget"] {
            for field in ["apiVersion", "kind", "metadata"] {
                #expect(schemas[name]?["properties"]?[field]?["description"] != nil, "\(name).\(field)")
            }
        }
    }
}
