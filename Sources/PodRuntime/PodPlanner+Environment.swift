import JSONTree
import KubernetesModel
import PodRecords

extension PodPlanner {
    /// Adds `envFrom` and then `env`, as the kubelet does: later ones win, and each may use those before it.
    func addEnvironment(of container: JSON, to environment: inout OrderedVariables) throws(Problem) {
        for source in container["envFrom"]?.array ?? [] {
            let prefix = source["prefix"]?.string ?? ""
            for (key, value) in try valuesOf(source).sorted(by: { $0.key < $1.key }) {
                environment[prefix + key] = value.text
            }
        }
        for variable in container["env"]?.array ?? [] {
            guard let name = variable["name"]?.string else { continue }
            if let reference = variable["valueFrom"], !reference.isNull {
                if let value = try value(of: reference, in: container) { environment[name] = value }
            } else {
                let known = environment
                environment[name] = VariableExpansion.expand(variable["value"]?.string ?? "") { known[$0] }
            }
        }
    }

    private func valuesOf(_ source: JSON) throws(Problem) -> [String: ReferencedValue] {
        for (field, kind, all) in [
            ("configMapRef", "configmap", values.configMaps), ("secretRef", "secret", values.secrets),
        ] {
            guard let reference = source[field], !reference.isNull else { continue }
            let name = reference["name"]?.string ?? ""
            if let found = all[name] { return found }
            if reference["optional"]?.bool != true { throw .configuration("\(kind) \"\(name)\" not found") }
        }
        return [:]
    }

    private func value(of reference: JSON, in container: JSON) throws(Problem) -> String? {
        if let path = reference["fieldRef"]?["fieldPath"]?.string { return try field(path, isFile: false) }
        for (field, kind, title, all) in [
            ("configMapKeyRef", "configmap", "ConfigMap", values.configMaps),
            ("secretKeyRef", "secret", "Secret", values.secrets),
        ] {
            guard let source = reference[field], !source.isNull else { continue }
            let name = source["name"]?.string ?? ""
            let key = source["key"]?.string ?? ""
            let isOptional = source["optional"]?.bool == true
            guard let found = all[name] else {
                if isOptional { return nil }
                throw .configuration("\(kind) \"\(name)\" not found")
            }
            if let value = found[key] { return value.text }
            if isOptional { return nil }
            throw .configuration("couldn't find key \(key) in \(title) \(pod.namespace)/\(name)")
        }
        if let reference = reference["resourceFieldRef"], !reference.isNull {
            return try resource(reference, of: container)
        }
        return nil
    }

    /// A request or limit as a whole number of the divisor, rounded up; without a limit that of the node counts.
    ///
    /// - Parameter container: which one is meant where the reference does not say.
    func resource(_ reference: JSON, of container: JSON?) throws(Problem) -> String {
        let path = reference["resource"]?.string ?? ""
        var container = container
        if let name = reference["containerName"]?.string {
            container = Self.specifications(of: pod).map(\.json).first { $0["name"]?.string == name }
        }
        let parts = path.split(separator: ".", maxSplits: 1)
        guard let container, parts.count == 2, ["limits", "requests"].contains(parts[0]) else {
            throw .configuration("unsupported container resource: \(path)")
        }
        let name = String(parts[1])
        let resources = container["resources"]
        var amount = resources?[String(parts[0])]?[name].flatMap { try? Quantity($0) }
        if amount == nil, parts[0] == "limits" {
            switch name {
            case "cpu": amount = Quantity(surroundings.processors)
            case "memory": amount = Quantity(surroundings.memory)
            default: break
            }
        }
        let divisor = reference["divisor"].flatMap { try? Quantity($0) } ?? Quantity(1)
        let isWhole = divisor.isZero || divisor == Quantity(1)
        guard let amount else { return "0" }
        if isWhole { return String(amount.value) }
        // In thousandths, so that a divisor of 1m has a meaning; memory in thousandths of a byte stays within 64 bits.
        let units = max(1, divisor.milliValue)
        return String((amount.milliValue + units - 1) / units)
    }

    /// The fields of the pod that the downward API offers to environment variables.
    ///
    /// - Parameter isFile: whether it is for a file, which may hold all labels or annotations at once.
    func field(_ path: String, isFile: Bool) throws(Problem) -> String {
        switch path {
        case "metadata.name": return pod.name
        case "metadata.namespace": return pod.namespace
        case "metadata.uid": return pod.uid
        case "spec.nodeName": return pod.spec["nodeName"]?.string ?? ""
        case "spec.serviceAccountName": return pod.spec["serviceAccountName"]?.string ?? "default"
        case "status.hostIP", "status.hostIPs": return surroundings.hostAddress
        case "status.podIP", "status.podIPs": return surroundings.network.address
        default: break
        }
        for (prefix, map) in [("metadata.labels", pod.labels), ("metadata.annotations", pod.annotations)] {
            guard path.hasPrefix(prefix + "['"), path.hasSuffix("']") else { continue }
            return map[String(path.dropFirst(prefix.count + 2).dropLast(2))] ?? ""
        }
        if isFile, path == "metadata.labels" { return Self.lines(pod.labels) }
        if isFile, path == "metadata.annotations" { return Self.lines(pod.annotations) }
        throw .configuration("unsupported fieldPath: \(path)")
    }

    /// `key="value"` a line, in order, the value quoted as in Go.
    private static func lines(_ map: [String: String]) -> String {
        map.keys.sorted().map { key in
            var quoted = ""
            for scalar in (map[key] ?? "").unicodeScalars {
                switch scalar {
                case "\"": quoted += "\\\""
                case "\\": quoted += "\\\\"
                case "\n": quoted += "\\n"
                case "\r": quoted += "\\r"
                case "\t": quoted += "\\t"
                default: quoted.unicodeScalars.append(scalar)
                }
            }
            return "\(key)=\"\(quoted)\""
        }.joined(separator: "\n")
    }
}
