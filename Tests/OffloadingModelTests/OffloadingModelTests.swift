import JSONTree
import KubernetesModel
import OffloadingModel
import Testing

@Suite("Foreign clusters")
struct ForeignClusterTests {
    @Test("a condition is set, read, and keeps its transition time while its status stays")
    func conditions() {
        var cluster = ForeignCluster(
            name: "rome", clusterID: "id", clusterName: "rome", authURL: "tls://a:1", outgoing: .yes, incoming: .auto)
        #expect(cluster.condition(.network).status == .none)
        cluster.set(.network, PeeringCondition(.established, "Answered"), now: 100)
        cluster.set(.network, PeeringCondition(.established, "AnsweredAgain"), now: 200)
        #expect(cluster.condition(.network) == PeeringCondition(.established, "AnsweredAgain"))
        #expect(
            cluster.object.status["peeringConditions"]?[0]?["lastTransitionTime"]?.string == Timestamp.text(100))
        #expect(cluster.virtualNode == "liqo-rome")
        #expect(cluster.outgoingEnabled == .yes)
    }
}

@Suite("Namespace offloadings")
struct NamespaceOffloadingTests {
    private func offloading(_ spec: JSON, annotations: [String: String] = [:]) -> NamespaceOffloading {
        NamespaceOffloading(
            KubernetesObject(
                .namespaceOffloadings, name: "offloading", namespace: "shop",
                ["spec": spec, "metadata": ["annotations": JSON(annotations)]]))
    }

    @Test(
        "the remote name follows the strategy",
        arguments: [
            ("EnforceSameName", "shop"), ("DefaultName", "shop-cloud-abcdef"), ("SelectedName", "elsewhere"),
        ])
    func names(_ strategy: String, _ name: String) {
        let offloading = offloading([
            "namespaceMappingStrategy": .string(strategy), "remoteNamespaceName": "elsewhere",
        ])
        #expect(offloading.remoteNamespace(originName: "cloud", originHash: "abcdef0123") == name)
    }

    @Test("no selector selects all; a broken one names its field")
    func selector() throws {
        #expect(try offloading([:]).clusterSelector() == nil)
        let broken: JSON = [
            "clusterSelector": ["nodeSelectorTerms": [["matchExpressions": [["key": "a", "operator": "Near"]]]]]
        ]
        #expect { try offloading(broken).clusterSelector() } throws: { "\($0)".contains("spec.clusterSelector") }
    }

    @Test("what happens on disconnection is read from annotations")
    func policy() {
        #expect(offloading([:]).disconnectPolicy == .reschedule(after: .seconds(10)))
        #expect(offloading([:], annotations: ["causeway.io/on-disconnect": "keep"]).disconnectPolicy == .keep)
        #expect(
            offloading([:], annotations: ["causeway.io/grace-period": "1m30s"]).disconnectPolicy
                == .reschedule(after: .seconds(90)))
    }

    @Test("durations are read as Go writes them", arguments: [("500ms", 500), ("1.5s", 1500), ("2h", 7_200_000)])
    func durations(_ text: String, _ milliseconds: Int) {
        #expect(GoDuration.parse(text) == .milliseconds(milliseconds))
        for bad in ["", "5", "s", "-1s", "1y", "9999999h"] { #expect(GoDuration.parse(bad) == nil) }
    }
}

@Suite("Cluster information")
struct ClusterInfoTests {
    @Test("it survives its ConfigMap, and what is missing is named")
    func roundTrip() throws {
        let info = ClusterInfo(
            clusterID: "7a0f", clusterName: "rome", labels: ["a": "b"], role: .agent, peerAddress: "127.0.0.1:7000",
            authorityPin: "00ff", version: "0.1.0", podCIDR: "10.1.0.0/16", apiServer: "https://127.0.0.1:6443",
            mode: "embedded")
        #expect(try ClusterInfo(info.object) == info)
        #expect {
            try ClusterInfo(KubernetesObject(.configMaps, name: "cluster-info", ["data": ["clusterID": "x"]]))
        } throws: { "\($0)".contains("clusterName: missing") }
    }

    @Test("policies are read from annotations, and what says nothing known is named and counts as the default")
    func policies() {
        func policy(_ name: String, _ value: String) -> OffloadingPolicy {
            OffloadingPolicy(annotations: ["causeway.io/\(name)": value])
        }
        #expect(OffloadingPolicy(annotations: [:]) == OffloadingPolicy())
        #expect(policy("stop-on-edge-after", "2m").stopOnEdgeAfter == .seconds(120))
        #expect(policy("stop-on-edge-after", "never") == OffloadingPolicy())
        #expect(policy("rebalance", "on").rebalance == RebalancePolicy(steadyFor: .seconds(60)))
        #expect(policy("rebalance", "5s").rebalance?.steadyFor == .seconds(5))
        #expect(policy("rebalance", "off") == OffloadingPolicy())
        #expect(policy("fill", "on").fill == FillPolicy())
        #expect(policy("fill", "rome=2, milan=3").fill == FillPolicy(weights: ["rome": 2, "milan": 3]))
        #expect(policy("fill", "rome=2").fill?.nodeWeights == ["liqo-rome": 2])
        for (name, value) in [
            ("on-disconnect", "kep"), ("on-disconnect", ""), ("grace-period", "10"), ("grace-period", "-1s"),
            ("stop-on-edge-after", "1s"), ("stop-on-edge-after", "soon"), ("rebalance", "yes"), ("fill", "rome"),
            ("fill", "rome=0"), ("fill", "rome=1,rome=2"), ("fill", "=1"), ("fill", "rome=1001"), ("fill", ""),
        ] {
            var read = policy(name, value)
            #expect(read.problems.map(\.annotation) == ["causeway.io/\(name)"], "\(name)=\(value)")
            #expect(read.problems.first?.description.contains("\"\(value)\" is not ") == true)
            read.problems = []
            #expect(read == OffloadingPolicy(), "\(name)=\(value)")
        }
        let two = OffloadingPolicy(annotations: ["causeway.io/fill": "x", "causeway.io/grace-period": "30s"])
        #expect(two.onDisconnect == .reschedule(after: .seconds(30)) && two.problems.count == 1)
    }
}
