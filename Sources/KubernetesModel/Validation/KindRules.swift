import JSONTree

/// Rules about whole objects of one kind.
enum KindRules {
    typealias Rule = @Sendable (KubernetesObject, inout FieldProblems) -> Void

    /// The largest ConfigMap or Secret, in bytes of data.
    private static let dataLimit = 1024 * 1024

    static let byResource: [String: Rule] = [
        "configmaps": configMap,
        "secrets": secret,
        "nodes": node,
        "pods": pod,
        "priorityclasses.scheduling.k8s.io": priorityClass,
        "customresourcedefinitions.apiextensions.k8s.io": DefinitionOfCustomResource.check,
    ]

    private static let keyMessage =
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
        + "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"

    /// What is wrong with a key of a ConfigMap or Secret; `nil` where nothing is.
    static func problem(configKey key: String) -> String? {
        guard key.utf8.count <= 253 else { return "must be no more than 253 bytes" }
        let isPlain = key.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isPlain, !key.isEmpty else { return keyMessage }
        if key == "." { return "must not be '.'" }
        if key == ".." { return "must not be '..'" }
        return key.hasPrefix("..") ? "must not start with '..'" : nil
    }

    private static func checkKeys(
        _ object: KubernetesObject, _ member: String, _ problems: inout FieldProblems
    ) -> Int {
        var size = 0
        for (key, value) in object.json[member]?.object ?? JSONObject() {
            if let problem = problem(configKey: key) {
                problems.invalid(FieldPath(member).key(key), key, problem)
            }
            size += value.string?.utf8.count ?? 0
        }
        return size
    }

    @Sendable private static func pod(_ object: KubernetesObject, _ problems: inout FieldProblems) {
        guard object.spec["nodeName"]?.string?.isEmpty == false, object.spec["schedulingGates"]?.array?.isEmpty == false
        else { return }
        problems.forbidden(
            FieldPath("spec").child("nodeName"), "cannot be set until all schedulingGates have been cleared")
    }

    @Sendable private static func configMap(_ object: KubernetesObject, _ problems: inout FieldProblems) {
        let size = checkKeys(object, "data", &problems) + checkKeys(object, "binaryData", &problems) * 3 / 4
        for (key, _) in object.json["binaryData"]?.object ?? JSONObject()
        where object.json["data"]?.object?.contains(key) == true {
            problems.invalid(FieldPath("data").key(key), key, "duplicate of key present in binaryData")
        }
        if size > dataLimit { problems.tooLong(FieldPath(""), dataLimit) }
    }

    @Sendable private static func secret(_ object: KubernetesObject, _ problems: inout FieldProblems) {
        let size = checkKeys(object, "data", &problems) * 3 / 4
        if size > dataLimit { problems.tooLong(FieldPath("data"), dataLimit) }
        let needed: [String]
        switch object.json["type"]?.string {
        case "kubernetes.io/tls": needed = ["tls.crt", "tls.key"]
        case "kubernetes.io/dockerconfigjson": needed = [".dockerconfigjson"]
        case "kubernetes.io/ssh-auth": needed = ["ssh-privatekey"]
        default: needed = []
        }
        for key in needed where object.json["data"]?[key] == nil { problems.required(FieldPath("data").key(key)) }
    }

    @Sendable private static func node(_ object: KubernetesObject, _ problems: inout FieldProblems) {
        var seen: Set<String> = []
        for (place, taint) in (object.spec["taints"]?.array ?? []).enumerated() {
            let pair = "\(taint["key"]?.string ?? "")/\(taint["effect"]?.string ?? "")"
            guard !seen.insert(pair).inserted else { continue }
            problems.duplicate(FieldPath("spec.taints").index(place), taint)
        }
    }

    @Sendable private static func priorityClass(_ object: KubernetesObject, _ problems: inout FieldProblems) {
        let value = object.json["value"]?.int ?? 0
        if object.name.hasPrefix("system-"),
            !["system-cluster-critical", "system-node-critical"].contains(object.name)
        {
            problems.forbidden(
                FieldPath("metadata.name"),
                "priority class names with 'system-' prefix are reserved for system use only. error: only system critical "
                    + "classes may have this prefix")
        } else if value > 1_000_000_000, !object.name.hasPrefix("system-") {
            problems.forbidden(FieldPath("value"), "maximum allowed value of a user defined priority is 1000000000")
        }
    }
}
