import JSONTree
import KubernetesModel
import Scheduling
import Testing

@Suite struct InterPodAffinityTests {
    private func term(_ app: String, _ key: String = "zone", _ more: [String: JSON] = [:]) -> JSON {
        var term: JSON = ["topologyKey": .string(key), "labelSelector": ["matchLabels": ["app": .string(app)]]]
        for (key, value) in more { term[key] = value }
        return term
    }

    private func pod(
        _ name: String, app: String = "a", required: [JSON] = [], anti: [JSON] = [], preferred: [(Int, JSON)] = [],
        preferredAnti: [(Int, JSON)] = []
    ) -> KubernetesObject {
        var pod = TestCluster.pod(name, app: app)
        func weighted(_ terms: [(Int, JSON)]) -> JSON {
            .array(terms.map { ["weight": JSON($0.0), "podAffinityTerm": $0.1] })
        }
        pod.json["spec", "affinity"] = [
            "podAffinity": [
                "requiredDuringSchedulingIgnoredDuringExecution": .array(required),
                "preferredDuringSchedulingIgnoredDuringExecution": weighted(preferred),
            ],
            "podAntiAffinity": [
                "requiredDuringSchedulingIgnoredDuringExecution": .array(anti),
                "preferredDuringSchedulingIgnoredDuringExecution": weighted(preferredAnti),
            ],
        ]
        return pod
    }

    /// Nodes a1 and a2 in zone a, b1 in zone b, and c1 in none.
    private func scheduler(_ pods: [(KubernetesObject, String)] = []) throws -> SpreadScheduler {
        var scheduler = SpreadScheduler()
        for (name, zone) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("c1", nil)] {
            scheduler.snapshot.setNode(try TestCluster.node(name, zone: zone))
        }
        for (pod, node) in pods { scheduler.snapshot.setPod(TestCluster.placed(pod, on: node)) }
        return scheduler
    }

    private func evaluate(_ scheduler: SpreadScheduler, _ pod: KubernetesObject) throws -> Evaluation {
        var scheduler = scheduler
        let pending = try PendingPod(pod)
        let decision = scheduler.decide(pending)
        #expect(scheduler.node(for: pending) == decision.node)
        return decision.evaluation
    }

    private func names(_ evaluation: Evaluation) -> [String] { evaluation.feasible.map(\.node).sorted() }

    @Test("a pod goes where the pods are that it requires, in the whole of their domain")
    func required() throws {
        let scheduler = try scheduler([(TestCluster.pod("x", app: "db"), "a1")])
        let evaluation = try evaluate(scheduler, pod("p", required: [term("db")]))
        #expect(names(evaluation) == ["a1", "a2"])
        let reasons = Set(evaluation.rejected.flatMap(\.refusal.reasons))
        #expect(reasons == ["node(s) didn't match pod affinity rules"])
        #expect(evaluation.rejected.allSatisfy { !$0.refusal.mayHelpToPreempt })
    }

    @Test("the first pod that requires its own like may go anywhere in a domain; one that requires others waits")
    func first() throws {
        let scheduler = try scheduler()
        #expect(names(try evaluate(scheduler, pod("p", app: "db", required: [term("db")]))) == ["a1", "a2", "b1"])
        #expect(names(try evaluate(scheduler, pod("p", app: "web", required: [term("db")]))).isEmpty)
    }

    @Test("with several required terms only pods that match all of them count")
    func severalTerms() throws {
        let scheduler = try scheduler([
            (TestCluster.pod("x", app: "db"), "a1"), (TestCluster.pod("y", app: "web"), "a1"),
        ])
        let both = pod("p", required: [term("db"), term("web", "kubernetes.io/hostname")])
        #expect(names(try evaluate(scheduler, both)).isEmpty)
    }

    @Test("anti-affinity keeps the pod away, and pods that are there keep it away by theirs")
    func anti() throws {
        let own = try scheduler([(TestCluster.pod("x", app: "db"), "a1")])
        let mine = try evaluate(own, pod("p", anti: [term("db")]))
        #expect(names(mine) == ["b1", "c1"])
        #expect(mine.rejected.first?.refusal.reasons == ["node(s) didn't match pod anti-affinity rules"])
        let others = try scheduler([(pod("x", app: "db", anti: [term("web")]), "a1")])
        let theirs = try evaluate(others, TestCluster.pod("p", app: "web"))
        #expect(names(theirs) == ["b1", "c1"])
        let reason = "node(s) didn't satisfy existing pods anti-affinity rules"
        #expect(theirs.rejected.allSatisfy { $0.refusal.reasons == [reason] && $0.refusal.mayHelpToPreempt })
        #expect(names(try evaluate(others, TestCluster.pod("p", app: "other"))).count == 4)
    }

    @Test("preferences of both sides are weighed and stretched to 100, twice")
    func scores() throws {
        let scheduler = try scheduler([
            (TestCluster.pod("x", app: "db"), "a1"), (pod("y", app: "b", preferredAnti: [(30, term("a"))]), "b1"),
            (pod("z", app: "b", required: [term("a")]), "a2"),
        ])
        let evaluation = try evaluate(scheduler, pod("p", preferred: [(10, term("db"))]))
        let scores = Dictionary(
            uniqueKeysWithValues: evaluation.feasible.map { ($0.node, $0.scores["InterPodAffinity"]) })
        // Zone a: 10 + 1 for being required; zone b: −30; none: 0.
        #expect(scores == ["a1": 200, "a2": 200, "b1": 0, "c1": 146])
    }

    @Test("namespaces are chosen by name and by label")
    func namespaces() throws {
        var scheduler = try scheduler()
        var other = TestCluster.pod("x", app: "db")
        other.json["metadata", "namespace"] = "e"
        scheduler.snapshot.setPod(TestCluster.placed(other, on: "a1"))
        #expect(names(try evaluate(scheduler, pod("p", anti: [term("db")]))).count == 4)
        #expect(names(try evaluate(scheduler, pod("p", anti: [term("db", "zone", ["namespaces": ["e"]])]))).count == 2)
        let selector: [String: JSON] = ["namespaceSelector": ["matchLabels": ["team": "x"]]]
        let selecting = pod("p", anti: [term("db", "zone", selector)])
        #expect(names(try evaluate(scheduler, selecting)).count == 4)
        scheduler.snapshot.setNamespace("e", labels: ["team": "x"])
        #expect(names(try evaluate(scheduler, selecting)).count == 2)
        let all = pod("p", anti: [term("db", "zone", ["namespaceSelector": [:]])])
        #expect(names(try evaluate(scheduler, all)).count == 2)
    }

    @Test("label keys tell the pod's own generation from others")
    func labelKeys() throws {
        func with(_ revision: String, _ object: KubernetesObject) -> KubernetesObject {
            var object = object
            object.labels["rev"] = revision
            return object
        }
        let scheduler = try scheduler([(with("1", TestCluster.pod("x", app: "db")), "a1")])
        for (field, ifSame, ifOther) in [("matchLabelKeys", 2, 4), ("mismatchLabelKeys", 4, 2)] {
            // The keys are read with the labels that the pod has then.
            func probe(_ revision: String) -> KubernetesObject {
                with(revision, pod("p", anti: [term("db", "zone", [field: ["rev"]])]))
            }
            #expect(names(try evaluate(scheduler, probe("1"))).count == ifSame)
            #expect(names(try evaluate(scheduler, probe("2"))).count == ifOther)
        }
    }
}
