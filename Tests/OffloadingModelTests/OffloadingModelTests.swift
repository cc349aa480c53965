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

    @Test("what both directions speak of is the worse of the two, and goes with the one that ends")
    func bothWays() {
        var cluster = ForeignCluster(
            name: "rome", clusterID: "id", clusterName: "rome", authURL: "tls://a:1", outgoing: .yes, incoming: .yes)
        #expect(cluster.isEdge && cluster.isHub)
        let good = PeeringCondition(.established, "CertificatesValid", "both are good")
        cluster.set(.authentication, good, of: .outgoing, now: 100)
        #expect(cluster.condition(.authentication) == good)
        #expect(cluster.condition(.authentication, of: .incoming).status == .none)
        let bad = PeeringCondition(.denied, "Revoked", "revoked")
        cluster.set(.authentication, bad, of: .incoming, now: 200)
        #expect(cluster.condition(.authentication) == PeeringCondition(.denied, "Revoked", "incoming peering: revoked"))
        #expect(cluster.condition(.authentication, of: .outgoing) == good)
        // A direction that has nothing to say does not count.
        cluster.set(.network, PeeringCondition(.none, "Off"), of: .incoming, now: 200)
        cluster.set(.network, good, of: .outgoing, now: 200)
        #expect(cluster.condition(.network) == good)
        // Said again, nothing changes.
        let before = cluster
        cluster.set(.authentication, good, of: .outgoing, now: 300)
        cluster.set(.authentication, bad, of: .incoming, now: 300)
        #expect(cluster == before)
        cluster.clear(.incoming, PeeringCondition(.none, "Over"), now: 400)
        #expect(cluster.condition(.authentication) == good && cluster.condition(.incoming).reason == "Over")
        #expect(!cluster.has(.incoming) && cluster.has(.outgoing))
        cluster.clear(.outgoing, PeeringCondition(.none, "Over"), now: 500)
        #expect(cluster.condition(.authentication).status == .none)
    }

    @Test("each direction has an address, and one that was made before there were two keeps its meaning")
    func addresses() {
        func cluster(_ spec: JSON, finalizer: Bool = false) -> ForeignCluster {
            var object = KubernetesObject(.foreignClusters, name: "rome", ["spec": spec])
            if finalizer { object.finalizers = [Names.peeringFinalizer] }
            return ForeignCluster(object)
        }
        let both = cluster([
            "foreignAuthUrl": "tls://edge:1", "foreignHubUrl": "tls://hub:1", "incomingPeeringEnabled": "Yes",
            "outgoingPeeringEnabled": "Yes",
        ])
        #expect(both.authURL == "tls://edge:1" && both.hubURL == "tls://hub:1" && both.isEdge && both.isHub)
        let join = cluster([
            "foreignAuthUrl": "tls://hub:1", "incomingPeeringEnabled": "Yes", "outgoingPeeringEnabled": "No",
        ])
        #expect(join.authURL.isEmpty && join.hubURL == "tls://hub:1" && !join.isEdge && join.isHub)
        // An outgoing peering that is turned off, with a hub of the same cluster that dials.
        let off = cluster(
            ["foreignAuthUrl": "tls://edge:1", "incomingPeeringEnabled": "Yes", "outgoingPeeringEnabled": "No"],
            finalizer: true)
        #expect(off.authURL == "tls://edge:1" && off.hubURL.isEmpty && off.isEdge && off.isHub)
        let plain = cluster(["foreignAuthUrl": "tls://edge:1", "outgoingPeeringEnabled": "No"])
        #expect(plain.authURL == "tls://edge:1" && plain.isEdge && !plain.isHub)
    }

    @Test("a revocation is asked of whoever has issued certificates, and each takes its own part away")
    func revocation() {
        var cluster = ForeignCluster(
            name: "rome", clusterID: "id", clusterName: "rome", authURL: "", outgoing: .yes, incoming: .yes)
        cluster.object.finalizers = [Names.peeringFinalizer]
        #expect(cluster.revocationsAsked.isEmpty)
        cluster.object.annotations[Names.revokeAnnotation] = "true"
        #expect(cluster.revocationsAsked == [.outgoing, .incoming])
        let rest = cluster.revoked(.outgoing)["metadata"]?["annotations"]?[Names.revokeAnnotation]
        #expect(rest == "incoming")
        cluster.object.annotations[Names.revokeAnnotation] = "incoming"
        #expect(cluster.revocationsAsked == [.incoming])
        #expect(cluster.revoked(.incoming)["metadata"]?["annotations"]?[Names.revokeAnnotation]?.isNull == true)
        // Dialled by this cluster, as an edge and as a hub: it has issued nothing.
        cluster.object.spec = [
            "foreignAuthUrl": "tls://a:1", "foreignHubUrl": "tls://b:1", "incomingPeeringEnabled": "Yes",
        ]
        cluster.object.annotations[Names.revokeAnnotation] = "true"
        #expect(cluster.issuing.isEmpty && cluster.revocationsAsked == [.outgoing, .incoming])
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
        #expect(GoDuration.parse(GoDuration.text(.milliseconds(milliseconds))) == .seconds(milliseconds / 1000))
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
