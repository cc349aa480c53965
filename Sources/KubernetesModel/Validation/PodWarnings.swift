import JSONTree

/// What clients are told about pods, and templates of pods, that are valid but hardly meant (`pkg/api/pod/warnings.go`).
public enum PodWarnings {
    private static let templates: [String: [String]] = [
        "Pod": [], "PodTemplate": ["template"], "Deployment": ["spec", "template"], "ReplicaSet": ["spec", "template"],
        "ReplicationController": ["spec", "template"], "Job": ["spec", "template"],
    ]

    /// Sentences about an object with a new or changed pod; none for other kinds.
    ///
    /// - Parameter old: what an update replaces: where its pod is the same, it has been said before.
    public static func of(_ object: KubernetesObject, old: KubernetesObject? = nil) -> [String] {
        guard let path = templates[object.kind] else { return [] }
        let pod = path.isEmpty ? object.json : object.json[path] ?? .null
        let before = old.map { path.isEmpty ? $0.json : $0.json[path] ?? .null }
        if let before, before["spec"] == pod["spec"] { return [] }
        return of(pod, path.reduce(FieldPath()) { $0.child($1) })
    }

    private static func of(_ pod: JSON, _ path: FieldPath) -> [String] {
        let spec = pod["spec"] ?? .null
        let place = path.child("spec")
        var warnings: [String] = []
        for key in (spec["nodeSelector"]?.object ?? JSONObject()).keys {
            guard let message = deprecatedLabels[key] else { continue }
            warnings.append("\(place.child("nodeSelector").key(key)): \(message)")
        }
        warnings += spreading(spec, place)
        warnings += repeated(spec["hostAliases"], "ip", "duplicate ip", place.child("hostAliases"))
        let secrets = place.child("imagePullSecrets")
        warnings += repeated(spec["imagePullSecrets"], "name", "duplicate name", secrets)
        for (number, secret) in (spec["imagePullSecrets"]?.array ?? []).enumerated()
        where secret["name"]?.string ?? "" == "" {
            warnings.append("\(secrets.index(number).child("name")): invalid empty name \"\"")
        }
        let containers = ["initContainers", "containers"].flatMap { field in
            (spec[field]?.array ?? []).enumerated().map { (place.child(field).index($0.offset), $0.element) }
        }
        for (place, container) in containers {
            warnings += fractions(container, place)
            warnings += hiddenVariables(container, place)
        }
        warnings += ports(containers)
        if let seconds = spec["terminationGracePeriodSeconds"]?.int, seconds < 0 {
            warnings.append(
                "\(place.child("terminationGracePeriodSeconds")): must be >= 0; negative values are invalid and will be "
                    + "treated as 1")
        }
        return warnings + affinities(spec, place)
    }

    private static let deprecatedLabels: [String: String] = [
        "beta.kubernetes.io/arch": #"deprecated since v1.14; use "kubernetes.io/arch" instead"#,
        "beta.kubernetes.io/os": #"deprecated since v1.14; use "kubernetes.io/os" instead"#,
        "failure-domain.beta.kubernetes.io/region":
            #"deprecated since v1.17; use "topology.kubernetes.io/region" instead"#,
        "failure-domain.beta.kubernetes.io/zone": #"deprecated since v1.17; use "topology.kubernetes.io/zone" instead"#,
        "beta.kubernetes.io/instance-type": #"deprecated since v1.17; use "node.kubernetes.io/instance-type" instead"#,
    ]

    private static let noSelector = "a null labelSelector results in matching no pod"

    private static func spreading(_ spec: JSON, _ place: FieldPath) -> [String] {
        var warnings: [String] = []
        for (number, constraint) in (spec["topologySpreadConstraints"]?.array ?? []).enumerated() {
            let own = place.child("topologySpreadConstraints").index(number)
            if let key = constraint["topologyKey"]?.string, let message = deprecatedLabels[key] {
                warnings.append("\(own.child("topologyKey")): \(key) is \(message)")
            }
            if constraint["labelSelector"] == nil { warnings.append("\(own.child("labelSelector")): \(noSelector)") }
        }
        return warnings
    }

    private static func affinities(_ spec: JSON, _ place: FieldPath) -> [String] {
        var warnings: [String] = []
        for kind in ["podAffinity", "podAntiAffinity"] {
            let own = place.child("affinity").child(kind)
            let affinity = spec["affinity"]?[kind]
            let required = "requiredDuringSchedulingIgnoredDuringExecution"
            for (number, term) in (affinity?[required]?.array ?? []).enumerated() where term["labelSelector"] == nil {
                warnings.append("\(own.child(required).index(number).child("labelSelector")): \(noSelector)")
            }
            let preferred = "preferredDuringSchedulingIgnoredDuringExecution"
            for (number, term) in (affinity?[preferred]?.array ?? []).enumerated()
            where term["podAffinityTerm"]?["labelSelector"] == nil {
                let term = own.child(preferred).index(number).child("podAffinityTerm")
                warnings.append("\(term.child("labelSelector")): \(noSelector)")
            }
        }
        return warnings
    }

    private static func repeated(_ list: JSON?, _ key: String, _ words: String, _ place: FieldPath) -> [String] {
        var seen: Set<String> = []
        return (list?.array ?? []).enumerated().compactMap { number, element in
            let value = element[key]?.string ?? ""
            guard !seen.insert(value).inserted else { return nil }
            return "\(place.index(number).child(key)): \(words) \(JSON.string(value).text())"
        }
    }

    private static func fractions(_ container: JSON, _ place: FieldPath) -> [String] {
        var warnings: [String] = []
        for resource in ["memory", "ephemeral-storage"] {
            for side in ["limits", "requests"] {
                guard let text = container["resources"]?[side]?[resource]?.string, let quantity = try? Quantity(text),
                    quantity.milliValue % 1000 != 0
                else { continue }
                let own = place.child("resources").child(side).key(resource)
                warnings.append("\(own): fractional byte value \"\(text)\" is invalid, must be an integer")
            }
        }
        return warnings
    }

    private static func hiddenVariables(_ container: JSON, _ place: FieldPath) -> [String] {
        var seen: Set<String> = []
        return (container["env"]?.array ?? []).enumerated().compactMap { number, variable in
            let name = variable["name"]?.string ?? ""
            guard !seen.insert(name).inserted else { return nil }
            let value = variable["value"]?.string ?? ""
            let itself = "$(\(name))"
            // One that builds on the former of its name is meant.
            guard variable["valueFrom"] != nil || value == itself || !value.contains(itself) else { return nil }
            return
                "\(place.child("env").index(number)): hides previous definition of \(JSON.string(name).text()), which "
                + "may be dropped when using apply"
        }
    }

    private static func ports(_ containers: [(FieldPath, JSON)]) -> [String] {
        var warnings: [String] = []
        var known: [String: [(place: FieldPath, host: Int, address: String)]] = [:]
        for (place, container) in containers {
            for (number, port) in (container["ports"]?.array ?? []).enumerated() {
                let own = place.child("ports").index(number)
                let (host, address) = (port["hostPort"]?.int ?? 0, port["hostIP"]?.string ?? "")
                let key = "\(port["containerPort"]?.int ?? 0)/\(port["protocol"]?.string ?? "TCP")"
                for other in known[key] ?? [] {
                    if host == other.host, address == other.address {
                        warnings.append("\(own): duplicate port definition with \(other.place)")
                    } else if host == 0 || other.host == 0 {
                        warnings.append("\(own): overlapping port definition with \(other.place)")
                    } else if host == other.host, address.isEmpty != other.address.isEmpty {
                        warnings.append("\(own): dangerously ambiguous port definition with \(other.place)")
                    }
                }
                known[key, default: []].append((own, host, address))
            }
        }
        return warnings
    }
}
