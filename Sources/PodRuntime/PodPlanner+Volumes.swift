import JSONTree
import KubernetesModel
import PodRecords

extension PodPlanner {
    /// What a volume is on the machine.
    enum Volume: Sendable, Hashable {
        /// A folder of the pod's that its containers share.
        case folder
        case memory(limit: Int?)
        /// Files that the daemon renders, and again when what they come from changes.
        case rendered([VolumeFile])
        case host(path: String)
    }

    /// A file of a rendered volume.
    struct VolumeFile: Sendable, Hashable {
        /// Below the volume; no part is empty, `.` or `..`.
        var path: String
        var content: [UInt8]
        var mode: Int
    }

    /// Why a volume cannot be had; the pod waits.
    struct VolumeProblem: Error, Hashable {
        let message: String
    }

    /// The name under which Kubernetes puts a pod's own credentials into every pod: nobody asked for it.
    private static let ownCredentials = "kube-api-access-"

    /// The volumes that containers mount, by name; what cannot be had goes to `problems`.
    func volumes(_ outcome: inout Outcome) -> [String: Volume] {
        var volumes: [String: Volume] = [:]
        let mounted = Set(
            Self.specifications(of: pod).flatMap { $0.json["volumeMounts"]?.array ?? [] }.compactMap {
                $0["name"]?.string
            })
        for json in pod.spec["volumes"]?.array ?? [] {
            guard let name = json["name"]?.string, mounted.contains(name) else { continue }
            do throws(VolumeProblem) {
                volumes[name] = try volume(json, name: name, &outcome)
            } catch {
                outcome.volumeProblems.append("MountVolume.SetUp failed for volume \"\(name)\" : \(error.message)")
            }
        }
        return volumes
    }

    private func volume(_ json: JSON, name: String, _ outcome: inout Outcome) throws(VolumeProblem) -> Volume {
        func source(_ field: String) -> JSON? { json[field].flatMap { $0.isNull ? nil : $0 } }
        if let configMap = source("configMap") {
            return .rendered(
                try files(configMap, name: configMap["name"], of: "configmap", mode: Self.mode(configMap)))
        }
        if let secret = source("secret") {
            return .rendered(try files(secret, name: secret["secretName"], of: "secret", mode: Self.mode(secret)))
        }
        if let downward = source("downwardAPI") {
            return .rendered(try downwardFiles(downward, mode: Self.mode(downward)))
        }
        if let projected = source("projected") { return .rendered(try projectedFiles(projected, name: name, &outcome)) }
        if let host = source("hostPath") { return .host(path: host["path"]?.string ?? "/") }
        if let empty = source("emptyDir") {
            guard empty["medium"]?.string == "Memory" else { return .folder }
            return .memory(limit: empty["sizeLimit"].flatMap { try? Quantity($0) }?.value)
        }
        let kind = json.object?.keys.first { $0 != "name" } ?? "emptyDir"
        if kind == "emptyDir" { return .folder }
        throw VolumeProblem(
            message: "the process runtime has no volumes of kind \(kind); it has emptyDir, configMap, secret, "
                + "projected, downwardAPI and hostPath")
    }

    private static func mode(_ source: JSON) -> Int { source["defaultMode"]?.int ?? 0o644 }

    // MARK: - Rendered volumes

    private func files(
        _ source: JSON, name: JSON?, of kind: String, mode: Int
    ) throws(VolumeProblem) -> [VolumeFile] {
        let name = name?.string ?? ""
        let isOptional = source["optional"]?.bool == true
        guard let values = kind == "secret" ? values.secrets[name] : values.configMaps[name] else {
            if isOptional { return [] }
            throw VolumeProblem(message: "\(kind) \"\(name)\" not found")
        }
        guard let items = source["items"]?.array, !items.isEmpty else {
            return values.keys.sorted().map { VolumeFile(path: $0, content: values[$0]?.bytes ?? [], mode: mode) }
        }
        var files: [VolumeFile] = []
        for item in items {
            let key = item["key"]?.string ?? ""
            guard let value = values[key] else {
                if isOptional { continue }
                throw VolumeProblem(message: "references non-existent \(kind) key: \(key)")
            }
            files.append(
                VolumeFile(
                    path: try Self.path(item), content: value.bytes, mode: item["mode"]?.int ?? mode))
        }
        return files
    }

    /// A file's place below its volume, which nothing may lead out of.
    private static func path(_ item: JSON) throws(VolumeProblem) -> String {
        let path = item["path"]?.string ?? ""
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            throw VolumeProblem(message: "\"\(path)\" is no path below the volume")
        }
        return path
    }

    private func downwardFiles(_ source: JSON, mode: Int) throws(VolumeProblem) -> [VolumeFile] {
        var files: [VolumeFile] = []
        for item in source["items"]?.array ?? [] {
            let text: String
            do throws(Problem) {
                if let path = item["fieldRef"]?["fieldPath"]?.string {
                    text = try field(path, isFile: true)
                } else {
                    text = try resource(item["resourceFieldRef"] ?? .null, of: nil)
                }
            } catch {
                throw VolumeProblem(message: error.message)
            }
            files.append(
                VolumeFile(path: try Self.path(item), content: Array(text.utf8), mode: item["mode"]?.int ?? mode))
        }
        return files
    }

    private func projectedFiles(
        _ projected: JSON, name: String, _ outcome: inout Outcome
    ) throws(VolumeProblem) -> [VolumeFile] {
        let mode = Self.mode(projected)
        var files: [VolumeFile] = []
        for source in projected["sources"]?.array ?? [] {
            if let configMap = source["configMap"], !configMap.isNull {
                var configMap = configMap
                // Nobody's pod waits for what nobody asked for.
                if name.hasPrefix(Self.ownCredentials) { configMap["optional"] = true }
                files += try self.files(configMap, name: configMap["name"], of: "configmap", mode: mode)
            } else if let secret = source["secret"], !secret.isNull {
                files += try self.files(secret, name: secret["name"], of: "secret", mode: mode)
            } else if let downward = source["downwardAPI"], !downward.isNull {
                files += try downwardFiles(downward, mode: mode)
            } else if !name.hasPrefix(Self.ownCredentials) {
                let kind = source.object?.keys.first ?? "nothing"
                outcome.remarks.append(
                    "volume \(name): the process runtime projects no \(kind); the volume is without it")
            }
        }
        // Of two sources with a file of the same path the later wins.
        var byPath: [String: VolumeFile] = [:]
        for file in files { byPath[file.path] = file }
        return byPath.keys.sorted().compactMap { byPath[$0] }
    }

    // MARK: - Mounts

    /// What a container mounts.
    func mounts(
        _ container: JSON, _ volumes: [String: Volume], _ environment: OrderedVariables
    ) throws(Problem) -> [MountPlan] {
        var mounts: [MountPlan] = []
        for json in container["volumeMounts"]?.array ?? [] {
            guard let name = json["name"]?.string, let target = json["mountPath"]?.string, let volume = volumes[name]
            else { continue }
            var source: String
            var isReadOnly = json["readOnly"]?.bool ?? false
            switch volume {
            case .folder, .memory: source = "\(surroundings.volumesFolder)/\(name)"
            case .host(let path): source = path
            case .rendered:
                source = "\(surroundings.volumesFolder)/\(name)"
                isReadOnly = true
            }
            var below = json["subPath"]?.string ?? ""
            if let expression = json["subPathExpr"]?.string {
                below = VariableExpansion.expand(expression) { environment[$0] }
            }
            let parts = below.split(separator: "/")
            guard !parts.contains("..") else { throw .configuration("subPath \"\(below)\" must not contain '..'") }
            if !parts.isEmpty { source += "/" + parts.joined(separator: "/") }
            mounts.append(
                MountPlan(source: source, target: target.hasPrefix("/") ? target : "/" + target, isReadOnly: isReadOnly)
            )
        }
        return mounts
    }
}
