import JSONTree

/// What may not change about an object of a kind once it is made.
enum UpdateRules {
    typealias Rule = @Sendable (_ new: KubernetesObject, _ old: KubernetesObject, inout FieldProblems) -> Void

    static let byResource: [String: Rule] = [
        "pods": { PodUpdate.check($0, from: $1, &$2) },
        "deployments.apps": immutable(["spec.selector"]),
        "replicasets.apps": immutable(["spec.selector"]),
        "jobs.batch": immutable(["spec.completions", "spec.selector", "spec.template", "spec.completionMode"]),
        "secrets": secret,
        "configmaps": configMap,
        "services": service,
        "endpointslices.discovery.k8s.io": immutable(["addressType"]),
        "priorityclasses.scheduling.k8s.io": priorityClass,
        "customresourcedefinitions.apiextensions.k8s.io": immutable([
            "spec.group", "spec.scope", "spec.names.kind", "spec.names.plural",
        ]),
    ]

    private static let message = "field is immutable"

    private static func immutable(_ paths: [String]) -> Rule {
        { new, old, problems in
            for path in paths {
                let keys = path.split(separator: ".").map(String.init)
                guard new.json[keys] != old.json[keys] else { continue }
                problems.invalid(FieldPath(path), new.json[keys] ?? .null, message)
            }
        }
    }

    @Sendable private static func secret(
        _ new: KubernetesObject, _ old: KubernetesObject, _ problems: inout FieldProblems
    ) {
        if new.json["type"] != old.json["type"] {
            problems.invalid(FieldPath("type"), new.json["type"] ?? "", message)
        }
        frozen(["data"], new, old, &problems)
    }

    @Sendable private static func configMap(
        _ new: KubernetesObject, _ old: KubernetesObject, _ problems: inout FieldProblems
    ) { frozen(["data", "binaryData"], new, old, &problems) }

    /// An object that was made immutable stays so, with its data.
    private static func frozen(
        _ members: [String], _ new: KubernetesObject, _ old: KubernetesObject, _ problems: inout FieldProblems
    ) {
        guard old.json["immutable"]?.bool == true else { return }
        let message = "field is immutable when `immutable` is set"
        if new.json["immutable"]?.bool != true { problems.forbidden(FieldPath("immutable"), message) }
        for member in members where new.json[member] != old.json[member] {
            problems.forbidden(FieldPath(member), message)
        }
    }

    @Sendable private static func service(
        _ new: KubernetesObject, _ old: KubernetesObject, _ problems: inout FieldProblems
    ) {
        guard let before = old.spec["clusterIP"]?.string, !before.isEmpty, old.spec["type"] != "ExternalName",
            new.spec["type"] != "ExternalName", new.spec["clusterIP"]?.string != before
        else { return }
        let after = new.spec["clusterIPs"] ?? new.spec["clusterIP"].map { .array([$0]) } ?? .null
        problems.invalid(FieldPath("spec.clusterIPs[0]"), after, "may not change once set")
    }

    @Sendable private static func priorityClass(
        _ new: KubernetesObject, _ old: KubernetesObject, _ problems: inout FieldProblems
    ) {
        if new.json["value"] != old.json["value"] {
            problems.forbidden(FieldPath("value"), "may not be changed in an update.")
        }
        if new.json["preemptionPolicy"] != old.json["preemptionPolicy"] {
            problems.invalid(FieldPath("preemptionPolicy"), new.json["preemptionPolicy"] ?? .null, message)
        }
    }
}
