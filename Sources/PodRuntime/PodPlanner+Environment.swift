import JSONTree
import KubernetesModel
import PodRecords

extension PodPlanner {
    /// Adds `envFrom` and then `env`, as the kubelet does: later ones win, and each may use those before it.
    func addEnvironment(of container: JSON, to environment: inout OrderedVariables) throws(Problem) {
        for source in container["envFrom"]?.array ?? [] {
            let prefix = source["prefix"]?.string ?? ""
            for (key, value) in try valuesOf(source).sorted(by: { $0.key < $1.key }) {
                environment[prefix + key] = value
            }
        }
        for variable in container["env"]?.array ?? [] {
            guard let name = variable["name"]?.string else { continue }
            if let reference = variable["valueFrom"], !reference.isNull {
                if let value = try value(of: reference) { environment[name] = value }
            } else {
                let known = environment
                environment[name] = VariableExpansion.expand(variable["value"]?.string ?? "") { known[$0] }
            }
        }
    }

    private func valuesOf(_ source: JSON) throws(Problem) -> [String: String] {
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

    private func value(of reference: JSON) throws(Problem) -> String? {
        if let path = reference["fieldRef"]?["fieldPath"]?.string { return try field(path) }
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
            if let value = found[key] { return value }
            if isOptional { return nil }
            throw .configuration("couldn't find key \(key) in \(title) \(pod.namespace)/\(name)")
        }
        if let resource = reference["resourceFieldRef"]?["resource"]?.string {
            throw .configuration(
                "the process runtime knows no resource limits, so \(resource) cannot be an environment variable")
        }
        return nil
    }

    /// The fields of the pod that the downward API offers to environment variables.
    private func field(_ path: String) throws(Problem) -> String {
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
        throw .configuration("unsupported fieldPath: \(path)")
    }
}
