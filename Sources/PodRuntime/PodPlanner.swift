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
        /// Whether programs may bind ports below 1024.
        var bindsLowPorts: Bool
        var isolation: Isolation
        var network: NetworkPlan
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

    private static func specifications(of pod: KubernetesObject) -> [(json: JSON, kind: ContainerKind)] {
        let first = (pod.spec["initContainers"]?.array ?? []).map { json in
            (json, json["restartPolicy"]?.string == "Always" ? ContainerKind.sidecar : .initial)
        }
        return first + (pod.spec["containers"]?.array ?? []).map { ($0, ContainerKind.main) }
    }

    func plan() -> Outcome {
        var outcome = Outcome()
        var containers: [ContainerPlan] = []
        for (json, kind) in Self.specifications(of: pod) {
            let name = json["name"]?.string ?? ""
            do throws(Problem) {
                containers.append(try container(json, name: name, kind: kind, &outcome))
            } catch {
                outcome.obstacles[name] = Obstacle(reason: error.reason, message: error.message)
            }
        }
        guard outcome.obstacles.isEmpty else { return outcome }
        outcome.plan = PodPlan(
            uid: pod.uid, namespace: pod.namespace, name: pod.name,
            hostname: pod.spec["hostname"]?.string ?? String(pod.name.prefix(63)),
            restartPolicy: RestartPolicy(rawValue: pod.spec["restartPolicy"]?.string ?? "") ?? .always,
            gracePeriodSeconds: max(0, pod.spec["terminationGracePeriodSeconds"]?.int ?? 30),
            isolation: surroundings.isolation, network: surroundings.network, containers: containers)
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
        remark(on: json, name: name, &outcome)
        return ContainerPlan(
            name: name, kind: kind, arguments: arguments, environment: environment.entries,
            workingDirectory: json["workingDir"]?.string ?? entry.map { rendered($0.workingDirectory) } ?? "",
            probes: kind == .initial ? ProbePlans() : probes(json, name: name, &outcome))
    }

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

    private func remark(on json: JSON, name: String, _ outcome: inout Outcome) {
        // The service account's own volume is in every pod; nobody asked for it.
        let mounts = (json["volumeMounts"]?.array ?? []).filter {
            $0["mountPath"]?.string != "/var/run/secrets/kubernetes.io/serviceaccount"
        }
        if !mounts.isEmpty {
            outcome.remarks.append("container \(name): the process runtime mounts no volumes; it runs without them")
        }
        if json["lifecycle"]?.isNull == false {
            outcome.remarks.append("container \(name): the process runtime runs no lifecycle hooks")
        }
    }
}
