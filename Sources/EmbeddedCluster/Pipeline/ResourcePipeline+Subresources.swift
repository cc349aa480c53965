import ClusterAPI
import JSONTree
import KubernetesModel

extension ResourcePipeline {
    // MARK: Binding

    /// Gives a pod its node (`pods/binding`).
    func bind(namespace: String?, name: String, _ body: JSON, _ context: WriteContext) async throws(APIError) {
        let definition = try definition(.pods)
        guard let node = body["target", "name"]?.string, !node.isEmpty else {
            throw APIError.invalid(
                group: "", kind: "Binding", name: name,
                [APIError.Cause(reason: "FieldValueRequired", message: "Required value", field: "target.name")])
        }
        let uid = body["metadata", "uid"]?.string
        let now = now()
        _ = try await modify(
            definition, definition.reference(namespace: namespace, name: name), "binding", context
        ) { (pod) throws(APIError) in
            func refused(_ why: String) -> APIError {
                APIError(
                    code: 409, reason: .conflict,
                    message: "Operation cannot be fulfilled on pods/binding \"\(name)\": \(why)", kind: "pods/binding",
                    name: name)
            }
            if let uid, uid != pod.uid {
                throw refused("Precondition failed: UID in precondition: \(uid), UID in object meta: \(pod.uid)")
            }
            if pod.isBeingDeleted { throw refused("pod \(name) is being deleted, cannot be assigned to a host") }
            if let present = pod.spec["nodeName"]?.string, !present.isEmpty {
                throw refused("pod \(name) is already assigned to node \"\(present)\"")
            }
            if pod.spec["schedulingGates"]?.array?.isEmpty == false {
                throw refused("pod \(name) has non-empty .spec.schedulingGates")
            }
            var pod = pod
            pod.json["spec", "nodeName"] = .string(node)
            // Room that was made for it has served its purpose.
            pod.json["status", "nominatedNodeName"] = nil
            for (key, value) in body["metadata", "annotations"]?.stringMap ?? [:] {
                pod.json["metadata", "annotations", key] = .string(value)
            }
            var conditions = pod.status["conditions"]
            Conditions.set("PodScheduled", status: "True", reason: "", message: "", now: now, in: &conditions)
            pod.json["status", "conditions"] = conditions
            return pod
        }
    }

    // MARK: Finalizing a namespace

    /// Replaces the finalizers in a namespace's `spec`; the last one lets a namespace that is being deleted go.
    func finalize(name: String, _ body: JSON, _ context: WriteContext) async throws(APIError) -> WriteResult {
        let definition = try definition(.namespaces)
        let finalizers = body["spec", "finalizers"]
        let version = body["metadata", "resourceVersion"]?.string ?? ""
        return try await modify(
            definition, definition.reference(namespace: nil, name: name), "finalize", context
        ) { (namespace) throws(APIError) in
            guard version.isEmpty || version == namespace.resourceVersion else {
                throw APIError.conflict(.namespaces, name)
            }
            var namespace = namespace
            namespace.json["spec", "finalizers"] = finalizers
            if namespace.spec.object?.isEmpty == true { namespace.json["spec"] = .object(JSONObject()) }
            return namespace
        }
    }

    // MARK: Scale

    /// The `Scale` of an object (`autoscaling/v1`).
    func scale(_ definition: ResourceDefinition, namespace: String?, name: String) throws(APIError) -> JSON {
        let object = try get(definition, namespace: namespace, name: name).object
        return try Self.scale(of: object, definition)
    }

    private static func scale(of object: KubernetesObject, _ definition: ResourceDefinition) throws(APIError) -> JSON {
        guard let paths = definition.scale else { throw notServed }
        var metadata = JSONObject()
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            metadata[field] = object.json["metadata", field]
        }
        var status: JSON = ["replicas": object.json[paths.statusReplicas] ?? 0]
        if let selector = paths.selector.flatMap({ object.json[$0] }) {
            if let text = selector.string {
                status["selector"] = .string(text)
            } else if definition.type == .replicationControllers {
                status["selector"] = .string(LabelSelector(matchLabels: selector.stringMap ?? [:]).text)
            } else if let parsed = try? LabelSelector(selector) {
                status["selector"] = .string(parsed.text)
            }
        }
        var spec = JSONObject()
        if let replicas = object.json[paths.specReplicas], replicas.int != 0 { spec["replicas"] = replicas }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": .object(metadata), "spec": .object(spec),
            "status": status,
        ]
    }

    /// Changes the number of replicas by replacing the `Scale`, or by a patch of it.
    func setScale(
        _ definition: ResourceDefinition, namespace: String?, name: String, _ patch: Patch?, _ body: JSON,
        _ context: WriteContext
    ) async throws(APIError) -> JSON {
        guard let paths = definition.scale else { throw Self.notServed }
        let reference = definition.reference(namespace: namespace, name: name)
        var context = context
        context.ownerSubresource = "scale"
        if let patch, patch.form == .apply {
            let applied = try Self.applied(patch.body, definition, paths, reference)
            // What is there beside the replicas was judged when it came.
            context.duplicates = []
            return try Self.scale(
                of: try await applyExisting(definition, reference, nil, applied, context).object.object, definition)
        }
        let result = try await modify(definition, reference, nil, context) { (object) throws(APIError) in
            let current = try Self.scale(of: object, definition)
            let wanted = try patch.map { (patch) throws(APIError) in
                // A Scale has no lists: a strategic merge of it is a merge.
                let form: Patch.Form = patch.form == .strategic ? .merge : patch.form
                return try PatchRules.apply(Patch(form, patch.body), to: current, definition)
            }
            let scale = wanted ?? body
            let version = scale["metadata", "resourceVersion"]?.string ?? ""
            guard version.isEmpty || version == object.resourceVersion else {
                throw APIError.conflict(definition.type, name)
            }
            let replicas = scale["spec", "replicas"] ?? 0
            guard let count = replicas.int, count >= 0 else {
                throw Self.invalidReplicas(replicas, name)
            }
            var object = object
            object.json[paths.specReplicas] = JSON(count)
            return object
        }
        return try Self.scale(of: result.object.object, definition)
    }

    /// What applying a `Scale` says about the object it belongs to.
    private static func applied(
        _ scale: JSON, _ definition: ResourceDefinition, _ paths: ResourceDefinition.ScalePaths,
        _ reference: ObjectReference
    ) throws(APIError) -> JSON {
        guard scale["kind"] == "Scale", scale["apiVersion"] == "autoscaling/v1" else {
            throw APIError.badRequest(
                "Incorrect kind or version specified in apply patch: expected autoscaling/v1, Kind=Scale")
        }
        var applied: JSON = [
            "apiVersion": .string(definition.type.apiVersion), "kind": .string(definition.type.kind),
            "metadata": ["name": .string(reference.key.name)],
        ]
        if definition.type.isNamespaced { applied["metadata", "namespace"] = .string(reference.key.namespace) }
        if let replicas = scale["spec"]?["replicas"] {
            guard let count = replicas.int, count >= 0 else { throw invalidReplicas(replicas, reference.key.name) }
            applied[paths.specReplicas] = replicas
        }
        return applied
    }

    private static func invalidReplicas(_ replicas: JSON, _ name: String) -> APIError {
        APIError.invalid(
            group: "autoscaling", kind: "Scale", name: name,
            [
                APIError.Cause(
                    reason: "FieldValueInvalid",
                    message: "Invalid value: \(replicas.text()): must be greater than or equal to 0",
                    field: "spec.replicas")
            ])
    }

    // MARK: Logs

    /// The log of a pod's container, from the node that runs it.
    func podLogs(
        namespace: String, name: String, _ options: LogOptions
    ) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        let pod = try get(try definition(.pods), namespace: namespace, name: name).object
        var options = options
        options.container = try PodContainers.choose(options.container, of: pod)
        let endpoint = try nodeEndpoint(of: pod)
        return try await endpoint.podLogs(pod, options)
    }

    /// The pod that a client wants to visit, and its request with the container that it means.
    func visited(
        namespace: String, name: String, _ request: ContainerRequest
    ) throws(APIError) -> (pod: KubernetesObject, request: ContainerRequest) {
        let pod = try get(try definition(.pods), namespace: namespace, name: name).object
        var request = request
        request.container = try PodContainers.choose(request.container, of: pod)
        return (pod, request)
    }

    /// What answers for the node of a pod.
    func nodeEndpoint(of pod: KubernetesObject) throws(APIError) -> any NodeEndpoint {
        let node = pod.spec["nodeName"]?.string ?? ""
        guard !node.isEmpty else {
            throw APIError.badRequest("pod \(pod.name) does not have a host assigned")
        }
        guard let endpoint = nodes[node] else {
            throw APIError.internalError("nobody answers for node \"\(node)\" now: try again when it is Ready")
        }
        return endpoint
    }
}

/// Which container of a pod a request means.
enum PodContainers {
    static func choose(_ asked: String, of pod: KubernetesObject) throws(APIError) -> String {
        func names(_ field: String) -> [String] { (pod.spec[field]?.array ?? []).compactMap { $0["name"]?.string } }
        let containers = names("containers")
        let all = containers + names("initContainers") + names("ephemeralContainers")
        if !asked.isEmpty {
            guard all.contains(asked) else {
                throw APIError.badRequest("container \(asked) is not valid for pod \(pod.name)")
            }
            return asked
        }
        if containers.count == 1, let only = containers.first { return only }
        if let annotated = pod.annotation("kubectl.kubernetes.io/default-container"), all.contains(annotated) {
            return annotated
        }
        let list = containers.joined(separator: " ")
        let starting = names("initContainers").joined(separator: " ")
        throw APIError.badRequest(
            "a container name must be specified for pod \(pod.name), choose one of: [\(list)]"
                + (starting.isEmpty ? "" : " or one of the init containers: [\(starting)]"))
    }
}
