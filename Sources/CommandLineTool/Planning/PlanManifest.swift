import JSONTree
import KubernetesModel
import Yams

/// The workload of a manifest: what its pods look like and how many it wants.
struct PlanManifest: Sendable {
    /// Such as `Deployment`.
    let kind: String
    let name: String
    /// Empty where the manifest names none.
    let namespace: String
    /// `metadata` and `spec` of its pods.
    let template: JSON
    let replicas: Int
    /// By which pods are the workload's; `nil` for a single pod, which is by its name.
    let selector: LabelSelector?

    /// A megabyte is more than any object that an API server stores.
    private static let limit = 1 << 20
    private static let kinds: Set<String> = ["Deployment", "ReplicaSet", "StatefulSet", "Job", "Pod"]

    /// - Parameter path: a file; `-` for the standard input.
    /// - Throws: `ToolError` that says what is wrong with it, and where.
    init(reading path: String, host: ToolHost) throws {
        let bytes = path == "-" ? host.readInput(Self.limit) : BoundedInput.read(path: path, limit: Self.limit)
        guard let bytes else {
            throw ToolError("\(path) cannot be read, or is longer than 1 MiB")
        }
        try self.init(yaml: String(decoding: bytes, as: UTF8.self), source: path)
    }

    /// - Parameter source: the file's name, for messages. JSON is YAML, too.
    init(yaml: String, source: String) throws {
        var workloads: [JSON] = []
        do {
            var documents = try Yams.compose_all(yaml: yaml)
            while let node = documents.next() {
                let json = try YAMLTree.json(node)
                let items = json["kind"] == "List" ? json["items"]?.array ?? [] : [json]
                workloads += items.filter { Self.kinds.contains($0["kind"]?.string ?? "") }
            }
            // The sequence ends at an error, and keeps it.
            if let error = documents.error { throw error }
        } catch let error as ToolError {
            throw error.prefixed(source)
        } catch {
            throw ToolError("\(source): \(error)")
        }
        guard let json = workloads.first else {
            throw ToolError("\(source) has none of these: \(Self.kinds.sorted().joined(separator: ", "))")
        }
        guard workloads.count == 1 else {
            let names = workloads.map { "\($0["kind"]?.string ?? "") \($0["metadata"]?["name"]?.string ?? "")" }
            throw ToolError("\(source) has several workloads (\(names.joined(separator: ", "))): plan one at a time")
        }
        try self.init(json, source: source)
    }

    private init(_ json: JSON, source: String) throws {
        let object = KubernetesObject(json)
        guard !object.name.isEmpty else { throw ToolError("\(source): metadata.name: missing") }
        kind = object.kind
        name = object.name
        namespace = object.namespace
        if kind == "Pod" {
            template = ["metadata": ["labels": JSON(object.labels)], "spec": object.spec]
            replicas = 1
            selector = nil
            return
        }
        guard let template = object.spec["template"], template["spec"]?.object != nil else {
            throw ToolError("\(source): spec.template.spec: missing")
        }
        self.template = template
        replicas = object.spec[kind == "Job" ? "parallelism" : "replicas"]?.int ?? 1
        let labels = template["metadata"]?["labels"]?.stringMap ?? [:]
        do {
            // A Job's selector is the API's to choose; its template's labels are as good here.
            selector =
                kind == "Job"
                ? LabelSelector(
                    labels.sorted { $0.key < $1.key }.map { .init(key: $0.key, operator: .in, values: [$0.value]) })
                : try LabelSelector(object.spec["selector"] ?? .null, at: "spec.selector")
        } catch {
            throw ToolError("\(source): \(error)")
        }
    }

    /// What its pods are spread among where they name no constraint; `nil` where that is nothing of the workload's.
    var spreadSelector: LabelSelector? { ["Deployment", "ReplicaSet", "StatefulSet"].contains(kind) ? selector : nil }

    func isOwn(_ pod: KubernetesObject, namespace: String) -> Bool {
        guard pod.namespace == namespace else { return false }
        guard let selector else { return pod.name == name }
        return !selector.isEmpty && selector.matches(pod)
    }

    /// A pod as the API is asked to admit it.
    func pod(namespace: String) -> KubernetesObject {
        var metadata: JSON = ["generateName": .string("\(name.prefix(40))-plan-"), "namespace": .string(namespace)]
        for key in ["labels", "annotations"] { metadata[key] = template["metadata"]?[key] }
        return KubernetesObject([
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"] ?? [:],
        ])
    }
}
