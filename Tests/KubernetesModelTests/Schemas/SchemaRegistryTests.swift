import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Schema registry")
struct SchemaRegistryTests {
    @Test("every definition parses, and every reference leads to a definition")
    func complete() throws {
        let registry = SchemaRegistry.builtIn
        #expect(registry.definitionNames.count > 200)
        func check(_ schema: Schema) {
            if schema.reference != nil { #expect(schema.target !== schema, "\(schema.reference ?? "")") }
            guard schema.reference == nil else { return }
            for child in schema.properties.values { check(child) }
            if let items = schema.items { check(items) }
            if let additional = schema.additional { check(additional) }
        }
        for name in registry.definitionNames { check(try #require(registry.definition(name))) }
    }

    @Test("the resource types that are served have schemas")
    func kinds() {
        let types: [ResourceType] = [
            .namespaces, .nodes, .pods, .services, .endpoints, .configMaps, .secrets, .serviceAccounts, .coreEvents,
            .deployments, .replicaSets, .leases, .endpointSlices, .customResourceDefinitions,
        ]
        for type in types { #expect(SchemaRegistry.builtIn.schema(for: type) != nil, "\(type)") }
        #expect(SchemaRegistry.builtIn.schema(group: "apps", version: "v1", kind: "StatefulSet") == nil)
    }

    @Test("a pod's schema knows its types, merge keys and list types")
    func pod() throws {
        let pod = try #require(SchemaRegistry.builtIn.schema(for: .pods))
        let spec = try #require(pod.properties["spec"])
        #expect(spec.typeName == "PodSpec")
        let containers = try #require(spec.properties["containers"])
        #expect(containers.mergeKey == "name")
        #expect(containers.listType == .map(keys: ["name"]))
        let container = try #require(containers.items)
        #expect(container.properties["imagePullPolicy"]?.kind == .string)
        #expect(container.properties["ports"]?.items?.properties["containerPort"]?.format == "int32")
        #expect(container.properties["ports"]?.listType == .map(keys: ["containerPort", "protocol"]))
        let limits = container.properties["resources"]?.properties["limits"]
        #expect(limits?.additional?.kind == .quantity)
        #expect(container.properties["livenessProbe"]?.properties["httpGet"]?.properties["port"]?.kind == .intOrString)
    }
}
