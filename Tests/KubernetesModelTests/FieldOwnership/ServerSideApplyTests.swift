import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Server-side apply")
struct ServerSideApplyTests {
    private static func schema(_ type: ResourceType = .deployments) throws -> Schema {
        try #require(SchemaRegistry.builtIn.schema(for: type))
    }

    private static func author(
        _ manager: String, _ operation: FieldManagerEntry.Operation = .apply, time: String = "2026-01-01T00:00:00Z"
    ) -> FieldManagerEntry {
        FieldManagerEntry(manager: manager, operation: operation, apiVersion: "apps/v1", time: time)
    }

    private static func deployment(_ spec: JSON, labels: JSON? = nil) -> JSON {
        var metadata: JSON = ["name": "web", "namespace": "default"]
        metadata["labels"] = labels
        return ["apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec]
    }

    private static func containers(_ list: [JSON]) -> JSON {
        ["template": ["spec": ["containers": .array(list)]]]
    }

    private static let empty: JSON = ["apiVersion": "apps/v1", "kind": "Deployment"]

    private struct State {
        var object = empty
        var owners = FieldOwnership()

        mutating func apply(_ configuration: JSON, by manager: String, force: Bool = false, time: String = "t") throws {
            object = try owners.apply(
                configuration, to: object, try ServerSideApplyTests.schema(),
                by: ServerSideApplyTests.author(manager, time: time), force: force)
        }

        mutating func update(_ new: JSON, by manager: String) throws {
            owners.update(
                from: object, to: new, try ServerSideApplyTests.schema(),
                by: ServerSideApplyTests.author(manager, .update))
            object = new
        }

        func fields(_ manager: String) -> [String] {
            owners.entries.first { $0.manager == manager }?.fields.pathTexts ?? []
        }
    }

    private static func refusal(_ body: () throws -> Void) -> APIError? {
        do {
            try body()
            return nil
        } catch {
            return error as? APIError
        }
    }

    @Test("an applier owns what it says, and not the structs around it")
    func owning() throws {
        var state = State()
        try state.apply(
            Self.deployment(Self.containers([["name": "web", "image": "nginx"]]), labels: ["app": "web"]), by: "a")
        #expect(
            state.fields("a") == [
                ".metadata.labels.app", #".spec.template.spec.containers[name="web"]"#,
                #".spec.template.spec.containers[name="web"].image"#,
                #".spec.template.spec.containers[name="web"].name"#,
            ])
    }

    @Test("a field that is applied no more goes, unless somebody else owns it")
    func removal() throws {
        var state = State()
        try state.apply(
            Self.deployment(["replicas": 1, "paused": true, "minReadySeconds": 5], labels: ["x": "1"]), by: "a")
        try state.apply(Self.deployment(["paused": true]), by: "b")
        try state.apply(Self.deployment(["replicas": 1]), by: "a")
        #expect(state.object == Self.deployment(["replicas": 1, "paused": true]))
        #expect(state.fields("a") == [".spec.replicas"])
        #expect(state.fields("b") == [".spec.paused"])
        try state.apply(Self.deployment([:]), by: "b")
        #expect(state.object == Self.deployment(["replicas": 1]))
    }

    @Test("an element that is applied no more goes as a whole; one that others share stays")
    func elements() throws {
        var state = State()
        let web: JSON = ["name": "web", "image": "1"]
        let side: JSON = ["name": "side", "image": "1"]
        try state.apply(Self.deployment(Self.containers([web, side])), by: "a")
        var defaulted = state.object
        defaulted["spec"] = Self.containers([web, ["name": "side", "image": "1", "imagePullPolicy": "Always"]])
        state.object = defaulted
        try state.apply(Self.deployment(Self.containers([web])), by: "a")
        #expect(state.object["spec"] == Self.containers([web]))
        try state.apply(Self.deployment(Self.containers([["name": "web", "tty": true]])), by: "b")
        try state.apply(Self.deployment(["replicas": 1]), by: "a")
        #expect(
            state.object["spec", "template", "spec", "containers"] == [["name": "web", "tty": true]])
    }

    @Test("lists keep the applied order, with the others' elements where they were")
    func order() throws {
        func names(_ names: [String]) -> JSON { Self.deployment(Self.containers(names.map { ["name": .string($0)] })) }
        var state = State()
        state.object = names(["x", "a", "y", "b"])
        let merged = AppliedMerge.merged(state.object, names(["b", "a", "c"]), try Self.schema())
        let list = merged["spec", "template", "spec", "containers"]?.array ?? []
        #expect(list.compactMap { $0["name"]?.string } == ["x", "y", "b", "a", "c"])
    }

    @Test("one conflict is a sentence that names the manager and the field")
    func conflict() throws {
        var state = State()
        try state.update(Self.deployment(["replicas": 3]), by: "kubectl-scale")
        let before = state.owners
        let error = Self.refusal { try state.apply(Self.deployment(["replicas": 1]), by: "a") }
        #expect(error?.code == 409)
        #expect(
            error?.message
                == "Apply failed with 1 conflict: conflict with \"kubectl-scale\" using apps/v1: .spec.replicas")
        #expect(
            error?.causes == [
                APIError.Cause(
                    reason: "FieldManagerConflict", message: "conflict with \"kubectl-scale\" using apps/v1",
                    field: ".spec.replicas")
            ])
        #expect(state.owners == before)
        try state.apply(Self.deployment(["replicas": 1]), by: "a", force: true)
        #expect(state.object["spec", "replicas"] == 1)
        #expect(state.fields("kubectl-scale") == [])
        #expect(state.fields("a") == [".spec.replicas"])
    }

    @Test("several conflicts are a list by manager")
    func conflicts() throws {
        var state = State()
        try state.apply(Self.deployment(Self.containers([["name": "web", "image": "1"]])), by: "b")
        var scaled = state.object
        scaled["spec", "replicas"] = 3
        state.owners.update(
            from: state.object, to: scaled, try Self.schema(),
            by: FieldManagerEntry(manager: "k", operation: .update, apiVersion: "apps/v1", subresource: "scale"))
        state.object = scaled
        var mine = Self.deployment(Self.containers([["name": "web", "image": "2"]]))
        mine["spec", "replicas"] = 5
        let error = Self.refusal { try state.apply(mine, by: "a") }
        #expect(
            error?.message == """
                Apply failed with 2 conflicts: conflicts with "b":
                - .spec.template.spec.containers[name="web"].image
                conflicts with "k" with subresource "scale" using apps/v1:
                - .spec.replicas
                """)
    }

    @Test("the same value is no conflict: both own it")
    func sharing() throws {
        var state = State()
        try state.apply(Self.deployment(["replicas": 1]), by: "a")
        try state.apply(Self.deployment(["replicas": 1]), by: "b")
        #expect(state.fields("a") == state.fields("b"))
        try state.apply(Self.deployment([:]), by: "a")
        #expect(state.object["spec", "replicas"] == 1)
    }

    @Test("what nobody was known to own is conflicted with the time before")
    func beforeFirst() throws {
        var state = State()
        state.object = Self.deployment(["replicas": 1])
        let error = Self.refusal { try state.apply(Self.deployment(["replicas": 2]), by: "a") }
        #expect(
            error?.message
                == "Apply failed with 1 conflict: conflict with \"before-first-apply\" using apps/v1: .spec.replicas")
    }

    @Test("kubectl takes over what it applied itself before, and keeps its annotation up")
    func migration() throws {
        let annotation = "kubectl.kubernetes.io/last-applied-configuration"
        var state = State()
        var first = Self.deployment(["replicas": 1, "paused": true])
        first["metadata", "annotations"] = [annotation: .string(Self.deployment(["replicas": 1]).text())]
        try state.update(first, by: "kubectl-client-side-apply")
        var refused = state
        let error = Self.refusal { try refused.apply(Self.deployment(["replicas": 2]), by: "other") }
        #expect(error?.code == 409)
        let paused = Self.refusal { try refused.apply(Self.deployment(["paused": false]), by: "kubectl") }
        #expect(paused?.message.hasSuffix(": .spec.paused") == true)
        try state.apply(Self.deployment(["replicas": 2]), by: "kubectl")
        #expect(state.object["spec", "replicas"] == 2)
        #expect(
            state.object["metadata", "annotations", annotation]?.string
                == #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"default"},"spec":{"replicas":2}}"#
                + "\n")
    }

    @Test("what the schema does not know, and elements that cannot be told apart, are refused")
    func misfits() throws {
        var state = State()
        let unknown = Self.refusal { try state.apply(Self.deployment(["replicaz": 1]), by: "a") }
        #expect(
            unknown?.message
                == "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.replicaz: field not declared in schema"
        )
        #expect(unknown?.code == 500)
        let twice = Self.refusal {
            try state.apply(Self.deployment(Self.containers([["name": "a"], ["name": "a"]])), by: "a")
        }
        #expect(
            twice?.message.hasSuffix(#".spec.template.spec.containers: duplicate entries for key [name="a"]"#) == true)
    }

    @Test("applying twice is applying once, whatever is there", arguments: 0..<200)
    func idempotence(_ seed: UInt64) throws {
        var random = Random(state: seed &+ 1)
        var state = State()
        for step in 0..<6 {
            let manager = ["a", "b", "c"][random.below(3)]
            if random.below(4) == 0 {
                try state.update(random.deployment(), by: manager)
                continue
            }
            let configuration = random.deployment()
            try state.apply(configuration, by: manager, force: true, time: "\(step)")
            let once = state
            try state.apply(configuration, by: manager, time: "later")
            #expect(state.object == once.object)
            #expect(state.owners == once.owners)
            let text = try JSON(parsing: state.owners.encoded)
            #expect(FieldOwnership(managedFields: text).map { $0.isSame(as: state.owners) } == true)
            // What one applies is there as applied.
            let again = AppliedMerge.merged(state.object, configuration, try Self.schema())
            #expect(again == state.object)
        }
    }

    /// A small generator (splitmix64): the same seeds give the same objects everywhere.
    private struct Random {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((value ^ (value >> 31)) % UInt64(bound))
        }

        mutating func deployment() -> JSON {
            var spec = JSONObject()
            if below(2) == 0 { spec["replicas"] = JSON(below(3)) }
            if below(2) == 0 { spec["paused"] = true }
            if below(2) == 0 { spec["strategy"] = ["type": "Recreate"] }
            var containers: [JSON] = []
            for name in ["a", "b", "c"].shuffledBy({ below($0) }) where below(2) == 0 {
                var container: JSON = ["name": .string(name)]
                if below(2) == 0 { container["image"] = JSON("i\(below(2))") }
                if below(2) == 0 { container["command"] = ["x", JSON("\(below(2))")] }
                if below(2) == 0 { container["ports"] = [["containerPort": JSON(80 + below(2))]] }
                containers.append(container)
            }
            if !containers.isEmpty { spec["template"] = ["spec": ["containers": .array(containers)]] }
            let labels: JSON? = below(2) == 0 ? ["x": JSON("\(below(3))")] : nil
            return ServerSideApplyTests.deployment(.object(spec), labels: labels)
        }
    }
}

extension [String] {
    fileprivate func shuffledBy(_ below: (Int) -> Int) -> [String] {
        var rest = self
        var result: [String] = []
        while !rest.isEmpty { result.append(rest.remove(at: below(rest.count))) }
        return result
    }
}
