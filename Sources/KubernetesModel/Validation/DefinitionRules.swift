import JSONTree

/// Rules about several members of one definition.
enum DefinitionRules {
    typealias Rule = @Sendable (JSONObject, FieldPath, inout FieldProblems) -> Void

    static let byDefinition: [String: Rule] = [
        "io.k8s.api.core.v1.PodSpec": podSpec,
        "io.k8s.api.core.v1.PodTemplateSpec": podTemplate,
        "io.k8s.api.core.v1.Container": container,
        "io.k8s.api.core.v1.ResourceRequirements": resources,
        "io.k8s.api.core.v1.Toleration": toleration,
        "io.k8s.api.core.v1.ServiceSpec": service,
        "io.k8s.api.apps.v1.DeploymentSpec": deployment,
        "io.k8s.api.apps.v1.ReplicaSetSpec": replicaSet,
        "io.k8s.api.core.v1.ReplicationControllerSpec": replicationController,
        "io.k8s.api.apps.v1.DeploymentStrategy": strategy,
        "io.k8s.api.batch.v1.JobSpec": job,
        "io.k8s.api.policy.v1.PodDisruptionBudgetSpec": disruptionBudget,
        "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector": labelSelector,
    ]

    // MARK: - Pods

    @Sendable private static func podTemplate(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        let metadata = object["metadata"]
        let own = path.child("metadata")
        MetadataValidation.checkLabels(metadata?["labels"], own.child("labels"), &problems)
        MetadataValidation.checkAnnotations(
            metadata?["annotations"]?.stringMap ?? [:], own.child("annotations"), &problems)
    }

    @Sendable private static func podSpec(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        let volumes = Set((object["volumes"]?.array ?? []).compactMap { $0["name"]?.string })
        var names: Set<String> = []
        for list in ["containers", "initContainers"] {
            for (place, container) in (object[list]?.array ?? []).enumerated() {
                let own = path.child(list).index(place)
                if let name = container["name"]?.string, !name.isEmpty, !names.insert(name).inserted {
                    problems.duplicate(own.child("name"), .string(name))
                }
                for (place, mount) in (container["volumeMounts"]?.array ?? []).enumerated() {
                    guard let name = mount["name"]?.string, !name.isEmpty, !volumes.contains(name) else { continue }
                    problems.notFound(own.child("volumeMounts").index(place).child("name"), name)
                }
            }
        }
        if let seconds = object["activeDeadlineSeconds"]?.int, !(1...Int(Int32.max)).contains(seconds) {
            problems.invalid(
                path.child("activeDeadlineSeconds"), JSON(seconds), "must be between 1 and 2147483647, inclusive")
        }
        var spreads: Set<String> = []
        for (place, spread) in (object["topologySpreadConstraints"]?.array ?? []).enumerated() {
            let key = spread["topologyKey"]?.string ?? ""
            let pair = "{\(key), \(spread["whenUnsatisfiable"]?.string ?? "")}"
            guard !spreads.insert(pair).inserted else { continue }
            let own = path.child("topologySpreadConstraints").index(place)
            problems.duplicate(own.child("{topologyKey, whenUnsatisfiable}"), .string(pair))
        }
    }

    @Sendable private static func container(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        var mounts: Set<String> = []
        for (place, mount) in (object["volumeMounts"]?.array ?? []).enumerated() {
            guard let folder = mount["mountPath"]?.string, !mounts.insert(folder).inserted else { continue }
            problems.invalid(path.child("volumeMounts").index(place).child("mountPath"), folder, "must be unique")
        }
        for (place, variable) in (object["env"]?.array ?? []).enumerated() {
            let own = path.child("env").index(place)
            if let name = variable["name"]?.string, name.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == 0 }) {
                problems.invalid(
                    own.child("name"), name,
                    "a valid environment variable name must consist only of printable ASCII characters other than '='")
            }
            guard let source = variable["valueFrom"]?.object, variable["value"] != nil, !source.isEmpty else {
                continue
            }
            problems.invalid(own.child("valueFrom"), "", "may not be specified when `value` is not empty")
        }
        for probe in ["livenessProbe", "startupProbe"] {
            guard let threshold = object[probe]?["successThreshold"]?.int, threshold != 1 else { continue }
            problems.invalid(path.child(probe).child("successThreshold"), JSON(threshold), "must be 1")
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            guard let members = object[probe]?.object else { continue }
            let kinds = ["exec", "httpGet", "tcpSocket", "grpc"].filter { members[$0] != nil }
            if kinds.isEmpty { problems.required(path.child(probe), "must specify a handler type") }
            for kind in kinds.dropFirst() {
                problems.forbidden(path.child(probe).child(kind), "may not specify more than 1 handler type")
            }
        }
    }

    @Sendable private static func resources(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        let limits = PodRequests.amounts(object["limits"])
        for list in ["limits", "requests"] {
            for (name, amount) in PodRequests.amounts(object[list]).sorted(by: { $0.key < $1.key }) {
                let own = path.child(list).key(name)
                if !name.contains("/"), !isStandard(name) {
                    problems.invalid(own, name, "must be a standard resource type or fully qualified")
                    problems.invalid(own, name, "must be a standard resource for containers")
                }
                if amount.isNegative {
                    problems.invalid(own, amount.description, "must be greater than or equal to 0")
                }
                guard list == "requests", let limit = limits[name], amount > limit else { continue }
                problems.invalid(
                    path.child("requests"), amount.description,
                    "must be less than or equal to \(name) limit of \(limit)")
            }
        }
    }

    private static func isStandard(_ resource: String) -> Bool {
        ["cpu", "memory", "ephemeral-storage"].contains(resource) || resource.hasPrefix("hugepages-")
    }

    @Sendable private static func toleration(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        let word = object["operator"]?.string ?? ""
        if (object["key"]?.string ?? "").isEmpty, word != "Exists" {
            problems.invalid(
                path.child("operator"), word,
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"")
        }
        if object["tolerationSeconds"] != nil, object["effect"]?.string != "NoExecute" {
            problems.invalid(
                path.child("effect"), object["effect"]?.string ?? "",
                "effect must be 'NoExecute' when `tolerationSeconds` is set")
        }
        if word == "Exists", let value = object["value"]?.string, !value.isEmpty {
            problems.invalid(
                path.child("operator"), .object(object), "value must be empty when `operator` is 'Exists'")
        }
    }

    // MARK: - Workloads

    @Sendable private static func deployment(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        workload(object, path, "deployment", &problems)
        if let deadline = object["progressDeadlineSeconds"]?.int, deadline <= object["minReadySeconds"]?.int ?? 0 {
            problems.invalid(
                path.child("progressDeadlineSeconds"), JSON(deadline), "must be greater than minReadySeconds")
        }
    }

    @Sendable private static func replicaSet(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) { workload(object, path, "replicaset", &problems) }

    /// Its selector is a map of labels, which must be there as its template must.
    @Sendable private static func replicationController(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        let selector = object["selector"]?.stringMap ?? [:]
        if selector.isEmpty { problems.required(path.child("selector")) }
        guard let template = object["template"] else {
            problems.required(path.child("template"))
            return
        }
        let own = path.child("template")
        let labels = template["metadata"]?["labels"]
        let given = labels?.stringMap ?? [:]
        if !selector.allSatisfy({ given[$0.key] == $0.value }) {
            problems.invalid(
                own.child("metadata").child("labels"), labels ?? .object(JSONObject()),
                "`selector` does not match template `labels`")
        }
        alwaysRestarts(template, own, &problems)
    }

    private static func workload(
        _ object: JSONObject, _ path: FieldPath, _ kind: String, _ problems: inout FieldProblems
    ) {
        let template = path.child("template")
        let selector = object["selector"]
        let isEmpty = selector?["matchLabels"] == nil && selector?["matchExpressions"] == nil
        if let selector, isEmpty {
            problems.invalid(path.child("selector"), selector, "empty selector is invalid for \(kind)")
        }
        let labels = object["template"]?["metadata"]?["labels"]
        // No selector matches nothing; an empty one everything.
        let matches = selector.flatMap { try? LabelSelector($0) }?.matches(labels?.stringMap ?? [:]) ?? false
        if !matches {
            problems.invalid(
                template.child("metadata").child("labels"), labels ?? .object(JSONObject()),
                "`selector` does not match template `labels`")
        }
        alwaysRestarts(object["template"], template, &problems)
        if object["template"]?["spec"]?["activeDeadlineSeconds"] != nil {
            problems.forbidden(
                template.child("spec").child("activeDeadlineSeconds"),
                "activeDeadlineSeconds in \(kind) is not Supported")
        }
    }

    private static func alwaysRestarts(_ template: JSON?, _ path: FieldPath, _ problems: inout FieldProblems) {
        guard let policy = template?["spec"]?["restartPolicy"], ["OnFailure", "Never"].contains(policy) else { return }
        problems.unsupported(path.child("spec").child("restartPolicy"), policy, ["Always"])
    }

    @Sendable private static func strategy(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        guard let rolling = object["rollingUpdate"] else { return }
        let own = path.child("rollingUpdate")
        if object["type"] == "Recreate" {
            problems.forbidden(own, "may not be specified when strategy `type` is 'Recreate'")
            return
        }
        for key in ["maxUnavailable", "maxSurge"] { intOrPercent(rolling[key], own.child(key), &problems) }
        if isZero(rolling["maxUnavailable"]), isZero(rolling["maxSurge"]) {
            problems.invalid(
                own.child("maxUnavailable"), rolling["maxUnavailable"] ?? 0, "may not be 0 when `maxSurge` is 0")
        }
        if let text = rolling["maxUnavailable"]?.string, let percent = Int(text.dropLast()), percent > 100 {
            problems.invalid(own.child("maxUnavailable"), text, "must not be greater than 100%")
        }
    }

    private static func isZero(_ value: JSON?) -> Bool { value == 0 || value == "0%" }

    private static func intOrPercent(_ value: JSON?, _ path: FieldPath, _ problems: inout FieldProblems) {
        if let number = value?.int, number < 0 {
            problems.invalid(path, JSON(number), "must be greater than or equal to 0")
        }
        if let text = value?.string, !(text.hasSuffix("%") && text.dropLast().allSatisfy(\.isNumber) && text.count > 1)
        {
            problems.invalid(
                path, text,
                "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex "
                    + "used for validation is '[0-9]+%')")
        }
    }

    @Sendable private static func job(_ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems) {
        let own = path.child("template").child("spec").child("restartPolicy")
        guard object["template"]?["spec"]?["restartPolicy"] == "Always" else { return }
        problems.unsupported(own, "Always", ["OnFailure", "Never"])
    }

    @Sendable private static func disruptionBudget(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        if object["minAvailable"] != nil, object["maxUnavailable"] != nil {
            problems.invalid(path, .object(object), "minAvailable and maxUnavailable cannot be both set")
        }
        for key in ["minAvailable", "maxUnavailable"] { intOrPercent(object[key], path.child(key), &problems) }
    }

    // MARK: - Services and selectors

    @Sendable private static func service(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        let ports = object["ports"]?.array ?? []
        let isHeadless = object["clusterIP"] == "None"
        let isExternal = object["type"] == "ExternalName"
        if ports.isEmpty, !isHeadless, !isExternal { problems.required(path.child("ports")) }
        if isExternal, (object["externalName"]?.string ?? "").isEmpty { problems.required(path.child("externalName")) }
        var seen: Set<String> = []
        for (place, port) in ports.enumerated() {
            let own = path.child("ports").index(place)
            if ports.count > 1, (port["name"]?.string ?? "").isEmpty { problems.required(own.child("name")) }
            let pair = "\(port["protocol"]?.string ?? "TCP")/\(port["port"]?.int ?? 0)"
            if !seen.insert(pair).inserted {
                problems.duplicate(own, ["port": port["port"] ?? 0, "protocol": port["protocol"] ?? "TCP"])
            }
        }
    }

    @Sendable private static func labelSelector(
        _ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        MetadataValidation.checkLabels(object["matchLabels"], path.child("matchLabels"), &problems)
        for (place, expression) in (object["matchExpressions"]?.array ?? []).enumerated() {
            let own = path.child("matchExpressions").index(place)
            let count = expression["values"]?.array?.count ?? 0
            switch expression["operator"]?.string {
            case "In", "NotIn":
                if count == 0 {
                    problems.required(own.child("values"), "must be specified when `operator` is 'In' or 'NotIn'")
                }
            case "Exists", "DoesNotExist":
                if count > 0 {
                    problems.forbidden(
                        own.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
                }
            case let word: problems.invalid(own.child("operator"), word ?? "", "not a valid selector operator")
            }
            let key = expression["key"]?.string ?? ""
            if let problem = LabelSyntax.problem(key: key) { problems.invalid(own.child("key"), key, problem) }
        }
    }
}
