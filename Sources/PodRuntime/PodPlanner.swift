import JSONTree
import KubernetesModel
import PodRecords

/// Makes the plan of a pod: turns images into commands, and references into values.
///
/// Pure: the image table, the addresses and all referenced values are given.
struct PodPlanner {
    /// What the machine and the cluster add to a pod's own specification.
    struct Surroundings: Sendable, Hashable {
        var hostAddress: String
        /// The search path for programs, as the daemon has it.
        var searchPath: String
        /// Where the files of the pod's containers are put: each has a folder of its name in there.
        var filesFolder: String
        /// Where the volumes are: each has a folder of its name in there.
        var volumesFolder: String
        /// The file that is to be the containers' `/etc/hosts`.
        var hostsFile: String
        /// What a container without a limit may use, for those who ask: whole processors, and bytes.
        var processors: Int
        var memory: Int
        /// Whether programs may bind ports below 1024.
        var bindsLowPorts: Bool
        var isolation: Isolation
        var network: NetworkPlan
        /// Programs of the image table that the machine does not have.
        var absentPrograms: Set<String> = []
    }

    /// Why a container waits.
    struct Obstacle: Sendable, Hashable {
        /// In Kubernetes' words: `ErrImagePull`, `CreateContainerConfigError`, …
        var reason: String
        var message: String
    }

    struct RenderedFile: Sendable, Hashable {
        var path: String
        var content: String
        var isExecutable: Bool
    }

    struct Outcome: Sendable {
        /// `nil` where a container has an obstacle: a pod starts whole or waits.
        var plan: PodPlan?
        var files: [RenderedFile] = []
        /// By name.
        var volumes: [String: Volume] = [:]
        /// Why volumes cannot be had, in the words of the kubelet's events: the pod waits.
        var volumeProblems: [String] = []
        /// By container.
        var obstacles: [String: Obstacle] = [:]
        /// What of the specification is not done, in sentences.
        var remarks: [String] = []
    }

    let images: ImageTable
    let surroundings: Surroundings
    let pod: KubernetesObject
    let values: ReferencedValues

    init(_ request: PodRequest, images: ImageTable, surroundings: Surroundings) {
        pod = request.pod
        values = request.values
        self.images = images
        self.surroundings = surroundings
    }

    /// The names and kinds of a pod's containers, init containers first.
    static func containers(of pod: KubernetesObject) -> [(name: String, kind: ContainerKind)] {
        specifications(of: pod).map { ($0.json["name"]?.string ?? "", $0.kind) }
    }

    static func specifications(of pod: KubernetesObject) -> [(json: JSON, kind: ContainerKind)] {
        let first = (pod.spec["initContainers"]?.array ?? []).map { json in
            (json, json["restartPolicy"]?.string == "Always" ? ContainerKind.sidecar : .initial)
        }
        return first + (pod.spec["containers"]?.array ?? []).map { ($0, ContainerKind.main) }
    }

    func plan() -> Outcome {
        var outcome = Outcome()
        outcome.volumes = volumes(&outcome)
        var containers: [ContainerPlan] = []
        for (json, kind) in Self.specifications(of: pod) {
            let name = json["name"]?.string ?? ""
            do throws(Problem) {
                containers.append(try container(json, name: name, kind: kind, &outcome))
            } catch {
                outcome.obstacles[name] = Obstacle(reason: error.reason, message: error.message)
            }
        }
        guard outcome.obstacles.isEmpty, outcome.volumeProblems.isEmpty else { return outcome }
        if let hosts = hostsFile { outcome.files.append(hosts) }
        let memoryVolumes = outcome.volumes.keys.sorted().compactMap { name -> MemoryVolume? in
            guard case .memory(let limit) = outcome.volumes[name] else { return nil }
            return MemoryVolume(path: "\(surroundings.volumesFolder)/\(name)", limit: limit)
        }
        outcome.plan = PodPlan(
            uid: pod.uid, namespace: pod.namespace, name: pod.name,
            hostname: pod.spec["hostname"]?.string ?? String(pod.name.prefix(63)),
            restartPolicy: RestartPolicy(rawValue: pod.spec["restartPolicy"]?.string ?? "") ?? .always,
            gracePeriodSeconds: max(0, pod.spec["terminationGracePeriodSeconds"]?.int ?? 30),
            isolation: surroundings.isolation, network: surroundings.network, containers: containers,
            memoryVolumes: hasMounts ? memoryVolumes : [])
        return outcome
    }

    /// A problem of one container, as its waiting reason says it.
    struct Problem: Error {
        let reason: String
        let message: String

        static func configuration(_ message: String) -> Problem {
            Problem(reason: "CreateContainerConfigError", message: message)
        }
    }

    private func container(
        _ json: JSON, name: String, kind: ContainerKind, _ outcome: inout Outcome
    ) throws(Problem) -> ContainerPlan {
        let image = json["image"]?.string ?? ""
        let command = json["command"]?.strings ?? []
        let entry = images[image]
        guard entry != nil || !command.isEmpty else {
            throw Problem(reason: "ErrImagePull", message: images.absence(of: image))
        }
        let folder = "\(surroundings.filesFolder)/\(name)"
        var environment = OrderedVariables()
        environment["PATH"] = surroundings.searchPath
        environment["HOME"] = "/"
        environment["HOSTNAME"] = pod.spec["hostname"]?.string ?? pod.name
        let template = templateVariables(image: image, folder: folder, entry: entry)
        for key in (entry?.environment ?? [:]).keys.sorted() {
            guard let value = entry?.environment[key] else { continue }
            environment[key] = VariableExpansion.expand(value) { template[$0] }
        }
        try addEnvironment(of: json, to: &environment)
        let own = environment
        let console = Self.console(json)
        if console?.isTerminal == true, environment["TERM"] == nil { environment["TERM"] = "xterm" }
        // The mark by which processes that have strayed are found; last, so that nothing replaces it.
        environment["CAUSEWAY_POD_UID"] = pod.uid

        let expanded = { (text: String) in VariableExpansion.expand(text) { own[$0] } }
        let rendered = { (text: String) in VariableExpansion.expand(text) { own[$0] ?? template[$0] } }
        let containerArguments = json["args"]?.strings
        var arguments: [String]
        if command.isEmpty, let entry {
            arguments = entry.command.map(rendered)
            arguments += containerArguments.map { $0.map(expanded) } ?? entry.arguments.map(rendered)
        } else {
            arguments = command.map(expanded) + (containerArguments ?? []).map(expanded)
        }
        for file in entry?.files ?? [] {
            outcome.files.append(
                RenderedFile(
                    path: "\(folder)/\(file.path)", content: rendered(file.content), isExecutable: file.isExecutable))
        }
        let mounts = try mounts(json, outcome.volumes, own)
        if hasMounts { try check(entry?.programs ?? [:], image) }
        if !hasMounts, !mounts.isEmpty {
            outcome.remarks.append(
                "container \(name): this machine allows no mount namespaces, so it runs without its volumes")
        }
        return ContainerPlan(
            name: name, kind: kind, arguments: arguments, environment: environment.entries,
            workingDirectory: json["workingDir"]?.string ?? entry.map { rendered($0.workingDirectory) } ?? "",
            probes: kind == .initial ? ProbePlans() : probes(json, name: name, &outcome),
            postStart: kind == .initial ? nil : hook("postStart", json, name: name, &outcome),
            preStop: kind == .initial ? nil : hook("preStop", json, name: name, &outcome),
            mounts: hasMounts ? withHosts(mounts) + Self.programs(entry, besides: mounts) : [],
            terminationMessage: hasMounts
                ? TerminationMessagePlan(
                    path: json["terminationMessagePath"]?.string ?? "/dev/termination-log",
                    fallsBackToLog: json["terminationMessagePolicy"]?.string == "FallbackToLogsOnError") : nil,
            console: console)
    }

    private static func programs(_ entry: ImageTable.Entry?, besides mounts: [MountPlan]) -> [MountPlan] {
        let taken = Set(mounts.map(\.target))
        return (entry?.programs ?? [:]).sorted { $0.key < $1.key }.filter { !taken.contains($0.key) }.map {
            MountPlan(source: $0.value, target: $0.key, isReadOnly: true)
        }
    }

    private func check(_ programs: [String: String], _ image: String) throws(Problem) {
        for (path, program) in programs where surroundings.absentPrograms.contains(program) {
            throw Problem(
                reason: "ErrImagePull",
                message: "image \"\(image)\" needs \(program) for \(path), which this machine does not have")
        }
    }

    private static func console(_ json: JSON) -> ConsolePlan? {
        let plan = ConsolePlan(
            takesInput: json["stdin"]?.bool ?? false, endsWithClient: json["stdinOnce"]?.bool ?? false,
            isTerminal: json["tty"]?.bool ?? false)
        return plan.takesInput || plan.isTerminal ? plan : nil
    }

    /// Whether containers can see files of their own.
    private var hasMounts: Bool { surroundings.isolation != .none }

    private func templateVariables(image: String, folder: String, entry: ImageTable.Entry?) -> [String: String] {
        var variables = [
            "POD_NAME": pod.name, "POD_NAMESPACE": pod.namespace, "POD_UID": pod.uid,
            "POD_IP": surroundings.network.address, "HOST_IP": surroundings.hostAddress,
            "NODE_NAME": pod.spec["nodeName"]?.string ?? "", "IMAGE": image, "FILES": folder,
        ]
        for port in entry?.ports ?? [] {
            variables["PORT_\(port)"] = String(port < 1024 && !surroundings.bindsLowPorts ? port + 8000 : port)
        }
        return variables
    }

    // MARK: - /etc/hosts

    /// As the kubelet writes it; `nil` for a pod on the machine's own network, which sees the machine's.
    private var hostsFile: RenderedFile? {
        guard hasMounts, pod.spec["hostNetwork"]?.bool != true else { return nil }
        let hostname = pod.spec["hostname"]?.string ?? pod.name
        var lines = [
            "# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost",
            "::1\tlocalhost ip6-localhost ip6-loopback", "fe00::0\tip6-localnet", "fe00::0\tip6-mcastprefix",
            "fe00::1\tip6-allnodes", "fe00::2\tip6-allrouters", "\(surroundings.network.address)\t\(hostname)",
        ]
        let aliases = pod.spec["hostAliases"]?.array ?? []
        if !aliases.isEmpty { lines += ["", "# Entries added by HostAliases."] }
        for alias in aliases {
            let names = alias["hostnames"]?.strings ?? []
            lines.append(([alias["ip"]?.string ?? ""] + names).joined(separator: "\t"))
        }
        return RenderedFile(
            path: surroundings.hostsFile, content: lines.joined(separator: "\n") + "\n", isExecutable: false)
    }

    private func withHosts(_ mounts: [MountPlan]) -> [MountPlan] {
        guard hostsFile != nil, !mounts.contains(where: { $0.target == "/etc/hosts" }) else { return mounts }
        return mounts + [MountPlan(source: surroundings.hostsFile, target: "/etc/hosts")]
    }
}
