import JSONTree
import KubernetesModel
import Scheduling

/// A cluster that changes at random, and random pods for it: small in names, so that much collides.
struct RandomCluster {
    var random: SeededNumbers
    var scheduler: SpreadScheduler
    /// Whether pods have demands of each other.
    private let hasAffinities: Bool
    private let nodeNames: Int
    private let podNames: Int

    init(seed: UInt64, nodes: Int, pods: Int, hasAffinities: Bool = true) {
        random = SeededNumbers(seed: seed)
        scheduler = SpreadScheduler(seed: seed)
        self.hasAffinities = hasAffinities
        nodeNames = nodes
        podNames = pods
    }

    // MARK: - Chance

    mutating func chance(_ one: Int, in all: Int) -> Bool { Int.random(in: 0..<all, using: &random) < one }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    // MARK: - Things

    mutating func node() -> SchedulingNode {
        let name = "n\(Int.random(in: 0..<nodeNames, using: &random))"
        var labels: [String: String] = [:]
        // Now and then two nodes share a host name, or one has none.
        labels["kubernetes.io/hostname"] = chance(1, in: 12) ? pick(["n0", nil]) : name
        labels["zone"] = pick(["x", "y", "z", nil])
        labels["rack"] = chance(9, in: 10) ? "r\(Int.random(in: 0..<nodeNames / 2, using: &random))" : nil
        labels["disk"] = pick(["ssd", "hdd", nil])
        var taints: [Taint] = []
        for key in ["k1", "k2"] where chance(1, in: 5) {
            taints.append(Taint(key: key, effect: pick([.noSchedule, .preferNoSchedule, .noExecute])))
        }
        let state = chance(1, in: 8) ? pick(EdgeState.allCases) : .ready
        let room = ResourceCounts(
            milliCPU: pick([1000, 2000, 4000]), memory: pick([1 << 30, 4 << 30, 3_900_000_000]),
            others: chance(1, in: 3) ? ["example.com/gpu": 2] : [:])
        return SchedulingNode(
            name: name, labels: labels, taints: taints, isUnschedulable: chance(1, in: 10), allocatable: room,
            allocatablePods: pick([3, 10, 110]), state: state,
            images: chance(1, in: 6) ? ["big:latest": 800 << 20, "small:1": 60 << 20] : [:])
    }

    mutating func constraint() -> JSON {
        var constraint: JSON = [
            "maxSkew": JSON(pick([1, 1, 2, 5])),
            "topologyKey": .string(pick(["zone", "rack", "kubernetes.io/hostname"])),
            "whenUnsatisfiable": .string(pick(["DoNotSchedule", "ScheduleAnyway"])),
        ]
        if chance(9, in: 10) { constraint["labelSelector"] = ["matchLabels": ["app": .string(pick(["a", "b"]))]] }
        if constraint["whenUnsatisfiable"]?.string == "DoNotSchedule", chance(1, in: 5) {
            constraint["minDomains"] = JSON(pick([2, 4]))
        }
        if chance(1, in: 4) { constraint["nodeAffinityPolicy"] = .string(pick(["Honor", "Ignore"])) }
        if chance(1, in: 4) { constraint["nodeTaintsPolicy"] = .string(pick(["Honor", "Ignore"])) }
        if chance(1, in: 6) { constraint["matchLabelKeys"] = ["rev"] }
        return constraint
    }

    mutating func affinityTerm() -> JSON {
        var term: JSON = [
            "topologyKey": .string(pick(["zone", "rack", "kubernetes.io/hostname"])),
            "labelSelector": ["matchLabels": ["app": .string(pick(["a", "b"]))]],
        ]
        if chance(1, in: 4) { term["namespaces"] = [.string(pick(["d", "e"]))] }
        if chance(1, in: 4) { term["namespaceSelector"] = pick([[:], ["matchLabels": ["team": "x"]]]) }
        if chance(1, in: 6) { term["matchLabelKeys"] = ["rev"] }
        if chance(1, in: 6) { term["mismatchLabelKeys"] = ["rev"] }
        return term
    }

    /// Demands and preferences for and against neighbours.
    mutating func podAffinities() -> [String: JSON] {
        var affinities: [String: JSON] = [:]
        for kind in ["podAffinity", "podAntiAffinity"] where chance(1, in: 2) {
            var terms: JSON = .object(JSONObject())
            if chance(1, in: 2) { terms["requiredDuringSchedulingIgnoredDuringExecution"] = [affinityTerm()] }
            if chance(2, in: 3) {
                terms["preferredDuringSchedulingIgnoredDuringExecution"] = .array(
                    (0..<pick([1, 2])).map { _ in
                        ["weight": JSON(pick([1, 50, 100])), "podAffinityTerm": affinityTerm()]
                    })
            }
            affinities[kind] = terms
        }
        return affinities
    }

    /// A pod without a name: what templates differ in.
    mutating func template() -> KubernetesObject {
        var pod = KubernetesObject(.pods, name: "new", namespace: pick(["d", "d", "e"]))
        pod.labels = ["app": pick(["a", "b"]), "rev": pick(["1", "2"])]
        var requests = JSONObject()
        if chance(3, in: 4) { requests["cpu"] = .string(pick(["100m", "500m", "1"])) }
        if chance(3, in: 4) { requests["memory"] = .string(pick(["64Mi", "500M", "1Gi"])) }
        if chance(1, in: 8) { requests["example.com/gpu"] = "1" }
        var container: JSON = [
            "name": "c", "image": .string(pick(["big", "small:1", "none"])),
            "resources": ["requests": .object(requests)],
        ]
        if chance(1, in: 8) { container["ports"] = [["containerPort": 80, "hostPort": 80]] }
        pod.json["spec"] = ["containers": [container]]
        let constraints = (0..<pick([0, 1, 1, 2, 3])).map { _ in constraint() }
        if !constraints.isEmpty { pod.json["spec", "topologySpreadConstraints"] = .array(constraints) }
        if chance(1, in: 3) {
            pod.json["spec", "tolerations"] = [["key": .string(pick(["k1", "k2"])), "operator": "Exists"]]
        }
        if chance(1, in: 4) { pod.json["spec", "nodeSelector"] = ["disk": .string(pick(["ssd", "hdd"]))] }
        if chance(1, in: 4) {
            let preference: JSON = [
                "weight": JSON(pick([1, 40, 100])),
                "preference": ["matchExpressions": [["key": "zone", "operator": "In", "values": ["x"]]]],
            ]
            pod.json["spec", "affinity"] = [
                "nodeAffinity": ["preferredDuringSchedulingIgnoredDuringExecution": [preference]]
            ]
        }
        if hasAffinities, chance(1, in: 3) {
            for (kind, terms) in podAffinities() { pod.json["spec", "affinity", kind] = terms }
        }
        return pod
    }

    mutating func podName() -> String { "p\(Int.random(in: 0..<podNames, using: &random))" }

    // MARK: - Changes

    /// Something that happens to nodes or to pods that run; pods that are decided upon are up to the caller.
    mutating func change() {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: scheduler.snapshot.setNode(node())
        case 1:
            if chance(1, in: 2) { scheduler.snapshot.removeNode(node().name) }
            if chance(1, in: 10) {
                scheduler.snapshot.setNamespace(pick(["d", "e"]), labels: pick([["team": "x"], ["team": "y"], nil]))
            }
        case 2...4:
            for space in ["d", "e"] { scheduler.snapshot.removePod(ObjectKey(namespace: space, name: podName())) }
        case 5:
            let key = ObjectKey(namespace: "d", name: podName())
            guard let pod = scheduler.snapshot.pod(key) else { return }
            scheduler.snapshot.setPod(
                PlacedPod(
                    key: key, labels: chance(1, in: 2) ? ["app": pick(["a", "b"])] : pod.labels, node: pod.node,
                    requests: pod.requests, assumedRequests: pod.assumedRequests, hostPorts: pod.hostPorts,
                    isTerminating: chance(1, in: 2), affinities: pod.affinities))
        default:
            var placed = PlacedPod(template())
            placed = PlacedPod(
                key: ObjectKey(namespace: placed.key.namespace, name: podName()), labels: placed.labels,
                node: node().name, requests: placed.requests, assumedRequests: placed.assumedRequests,
                hostPorts: placed.hostPorts, affinities: placed.affinities)
            scheduler.snapshot.setPod(placed)
        }
    }

    /// A scheduler that has seen nothing but the nodes and their pods as they are now.
    func rebuilt() -> SpreadScheduler {
        var fresh = SpreadScheduler()
        for space in ["d", "e"] {
            fresh.snapshot.setNamespace(space, labels: scheduler.snapshot.labels(ofNamespace: space))
        }
        for entry in scheduler.snapshot.nodes {
            for pod in scheduler.snapshot.pods(on: entry.node.name) { fresh.snapshot.setPod(pod) }
            fresh.snapshot.setNode(entry.node)
        }
        return fresh
    }
}
