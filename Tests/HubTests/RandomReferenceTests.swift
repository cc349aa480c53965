import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import PeerTransport
import TestKit
import Testing

/// Whatever users, edges and restarts do to what pods use: once it is quiet, the edge has just what its pods need.
@Suite("What pods use, at random", .timeLimit(.minutes(2)), .serialized) struct RandomReferenceTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    private static let kinds: [ReflectedKind] = [.configMap, .secret]
    private static let names = ["a", "b", "c"]

    @Test(
        "once it is quiet the edge has what its pods use, as the origin has it, and no more",
        arguments: [1, 2, 3, 4, 5, 6])
    func settles(seed: UInt64) async throws {
        let pair = try await PeeredPair()
        var random = Generator(state: seed)
        try await pair.run {
            try await pair.peer()
            try await eventually("peered") { try await pair.isEstablished() }
            try await pair.offload()
            try await eventually("offloaded") { try await pair.phase() == "Ready" }
            // Somebody's own, of a name that pods use too.
            let own = try await pair.edge.create(
                .secrets, KubernetesObject(.secrets, name: "c", namespace: "shop", ["data": ["own": "eA=="]]))
            for step in 0..<40 {
                try await act(step, pair, &random)
                if random.next() % 3 == 0 { try await Task.sleep(for: .milliseconds(Int(random.next() % 20))) }
            }
            try await eventually("seed \(seed): as it shall be") { try await difference(pair) == nil }
            #expect(try await pair.edge.get(.secrets, namespace: "shop", name: "c") == own)
        }
    }

    private func act(_ step: Int, _ pair: PeeredPair, _ random: inout Generator) async throws {
        let kind = Self.kinds.randomElement(using: &random) ?? .secret
        let name = Self.names.randomElement(using: &random) ?? "a"
        let pod = "p\(random.next() % 4)"
        let data: JSON = ["data": ["v": .string("\(step)")]]
        switch random.next() % 10 {
        case 0, 1, 2:
            if try await pair.origin.find(kind.type, namespace: "shop", name: name) == nil {
                _ = try await pair.origin.create(
                    kind.type, KubernetesObject(kind.type, name: name, namespace: "shop", data))
            } else {
                _ = try await pair.origin.merge(kind.type, namespace: "shop", name: name, data)
            }
        case 3: try await pair.origin.deleteIfPresent(kind.type, namespace: "shop", name: name)
        case 4, 5, 6:
            guard try await pair.originPod(pod) == nil else { return }
            let source: JSON =
                kind == .secret ? ["secretRef": ["name": .string(name)]] : ["configMapRef": ["name": .string(name)]]
            _ = try await pair.origin.create(
                .pods,
                KubernetesObject(
                    .pods, name: pod, namespace: "shop",
                    [
                        "spec": [
                            "nodeName": "liqo-rome",
                            "containers": [["name": "c", "image": "nginx", "envFrom": [source]]],
                        ]
                    ]))
        case 7:
            try await pair.origin.deleteIfPresent(.pods, namespace: "shop", name: pod)
        case 8:
            guard let object = try await pair.edge.find(kind.type, namespace: "shop", name: name),
                object.label(Names.managedByLabel) != nil
            else { return }
            if random.next() % 2 == 0 {
                try await pair.edge.deleteIfPresent(kind.type, namespace: "shop", name: name)
            } else {
                _ = try? await pair.edge.merge(kind.type, namespace: "shop", name: name, ["data": ["w": "by hand"]])
            }
        default:
            if random.next() % 2 == 0 {
                await pair.stopHub()
                try await again { try await pair.startHub() }
            } else {
                await pair.stopAgent()
                try await again { try await pair.startAgent() }
            }
        }
    }

    /// Starts a daemon at the port that it had. Somebody's outgoing connection may have got that one meanwhile.
    private func again(_ start: () async throws -> Void) async throws {
        try await eventually("started again") {
            do {
                try await start()
                return true
            } catch is PeerListenerError {
                return false
            }
        }
    }

    /// What is not as it shall be; `nil` where all is.
    private func difference(_ pair: PeeredPair) async throws -> String? {
        var used = Set<PodReferences.Object>()
        for pod in try await pair.origin.list(.pods, namespace: "shop").items {
            guard !pod.isBeingDeleted else { return "\(pod.name) is ending" }
            guard try await pair.edgePod(pod.name) != nil else { return "\(pod.name) is not there" }
            used.formUnion(PodReferences(pod).objects)
        }
        for kind in Self.kinds {
            for name in Self.names where !(kind == .secret && name == "c") {
                let there = try await pair.edge.find(kind.type, namespace: "shop", name: name)
                let here = try await pair.origin.find(kind.type, namespace: "shop", name: name)
                let wanted = used.contains(.init(kind, name)) ? here : nil
                guard there.map({ kind.fields(of: $0.json) }) == wanted.map({ kind.fields(of: $0.json) }) else {
                    return "\(kind.rawValue) \(name)"
                }
            }
        }
        return nil
    }
}
