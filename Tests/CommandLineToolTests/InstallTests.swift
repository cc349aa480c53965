import ClusterAPI
import ClusterBootstrap
import FoundationEssentials
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing
import Yams

@testable import CommandLineTool

@Suite struct InstallTests {
    private func names(_ world: World, _ type: ResourceType) async throws -> [String] {
        try await world.cluster.list(type).items.map { $0.namespace.isEmpty ? $0.name : "\($0.key)" }
    }

    @Test("a hub gets its webhook and its lease, an agent neither; both run by an account of their own")
    func applied() async throws {
        for role in [ClusterInfo.Role.hub, .agent] {
            let world = World()
            #expect(
                await world.run(
                    "install", "--role", role.rawValue, "--cluster-name", "rome", "--cluster-labels", "a=b,c=d",
                    "--no-wait") == 0)
            #expect(world.errors.written.isEmpty)
            #expect(world.output.written.hasSuffix(" INFO  Causeway installed\n"))
            let name = "causeway-\(role.rawValue)"
            let deployment = try await world.cluster.get(.deployments, namespace: "causeway-system", name: name)
            let pod = try #require(deployment.spec["template"]?["spec"])
            #expect(pod["serviceAccountName"]?.string == name)
            let arguments = try #require(pod["containers"]?[0]?["args"]?.strings)
            #expect(arguments.contains("--cluster-name=rome"))
            #expect(arguments.contains("--cluster-labels=a=b,c=d"))
            #expect(arguments.contains("--leader-elect") == (role == .hub))
            #expect(try await names(world, .customResourceDefinitions) == CustomResources.all.map(\.name).sorted())
            #expect(try await names(world, .mutatingWebhookConfigurations) == (role == .hub ? ["causeway-hub"] : []))
            #expect(try await names(world, .clusterRoles) == [name, "\(name)-references"])
            // What may be read of Secrets is bound by the daemon, in single namespaces.
            #expect(try await names(world, .clusterRoleBindings) == [name])
            #expect(
                try await names(world, .roles)
                    == ["causeway-system/\(name)"] + (role == .hub ? ["kube-node-lease/\(name)"] : []))
            // Every account that is bound is the one that the pods have.
            for type in [ResourceType.clusterRoleBindings, .roleBindings] {
                for binding in try await world.cluster.list(type).items {
                    #expect(
                        binding.json["subjects"] == [
                            ["kind": "ServiceAccount", "name": .string(name), "namespace": "causeway-system"]
                        ])
                }
            }
        }
    }

    @Test("no right is given by a wildcard, and none to make rights, webhooks or kinds")
    func rights() {
        for rule in HubAccess.cluster + HubAccess.system + HubAccess.nodeLeases + HubAccess.references
            + AgentAccess.cluster + AgentAccess.system + AgentAccess.references
        {
            #expect(!(rule.groups + rule.resources + rule.verbs).contains("*"))
            if rule.groups.contains("rbac.authorization.k8s.io") {
                // One ClusterRole may be bound, and no role be changed: whatever else is bound needs rights that nobody has.
                let isBinding = rule.resources == ["rolebindings"] && rule.verbs == ["create"]
                let isNamed = rule.names == ["causeway-hub-references"] || rule.names == ["causeway-agent-references"]
                #expect(isBinding || isNamed && ["bind", "delete"].contains(rule.verbs.joined()))
            }
            let isDelicate = !rule.groups.allSatisfy {
                !["admissionregistration.k8s.io", "apiextensions.k8s.io"].contains($0)
            }
            #expect(!isDelicate || !rule.names.isEmpty && !rule.verbs.contains("create"))
        }
        for access in [HubAccess.cluster, AgentAccess.cluster] {
            #expect(!access.contains { $0.resources.contains("secrets") || $0.resources.contains("configmaps") })
        }
    }

    @Test("what is there already is brought up to date, and a hub's word about its authority stays")
    func again() async throws {
        let world = World()
        let command = ["install", "--role", "hub", "--cluster-name", "cloud", "--no-wait"]
        #expect(await world.run(command) == 0)
        #expect(await world.run(command + ["--replicas", "2", "-o", "json"]) == 0)
        let deployment = try await world.cluster.get(.deployments, namespace: "causeway-system", name: "causeway-hub")
        #expect(deployment.spec["replicas"] == 2)
        let text = try #require(world.output.written.split(separator: "\n{", maxSplits: 1).last)
        let list = try JSON(parsing: "{\(text)")
        #expect(list["kind"] == "List")
        #expect((list["items"]?.array?.count ?? 0) > 10)
    }

    @Test("a webhook of a hub outside of the cluster stays while the hub does, and gives way to one inside")
    func outside() async throws {
        let world = World()
        try await world.create(
            .mutatingWebhookConfigurations,
            WebhookManifest.configuration(.url("https://192.0.2.1:8443"), authority: "x"))
        func client() async throws -> JSON? {
            try await world.cluster.get(.mutatingWebhookConfigurations, namespace: nil, name: "causeway-hub")
                .json["webhooks"]?[0]?["clientConfig"]
        }
        let command = ["install", "--role", "hub", "--cluster-name", "cloud", "--no-wait"]
        #expect(await world.run(command + ["--replicas", "0"]) == 0)
        #expect(try await client()?["url"] == "https://192.0.2.1:8443/mutate")
        #expect(await world.run(command) == 0)
        #expect(try await client()?["url"] == nil)
        #expect(try await client()?["service"] != nil)
    }

    @Test("an API server that is busy is asked again, and one that is not there is not waited for")
    func busy() async throws {
        let world = World()
        world.cluster.failure = APIError.unavailable("etcdserver: request timed out")
        async let status = world.run("install", "--cluster-name", "rome", "--no-wait")
        try await world.isAsked()
        world.cluster.failure = nil
        #expect(await status == 0)
        world.cluster.failure = ClusterUnreachable("nobody listens")
        #expect(await world.run("install", "--cluster-name", "rome", "--no-wait") == 1)
        #expect(await world.run("uninstall") == 1)
    }

    @Test("another name beside the other role or while there are peers, and an embedded cluster are refused")
    func refused() async throws {
        let world = World()
        var info = world.info(.hub)
        info.mode = "kubernetes"
        try await world.create(.configMaps, info.object)
        #expect(await world.run("install", "--role", "agent", "--cluster-name", "rome") == 1)
        #expect(world.errors.written.contains("install with --cluster-name europe-cloud"))
        try await world.peer("rome")
        #expect(await world.run("install", "--role", "hub", "--cluster-name", "other", "--no-wait") == 1)
        #expect(world.errors.written.contains("known to its peers as \"europe-cloud\""))
        #expect(try await world.cluster.list(.deployments).items.isEmpty)
        #expect(await world.run("install", "--role", "hub", "--cluster-name", "europe-cloud", "--no-wait") == 0)
        // By both it is origin and edge at once.
        #expect(await world.run("install", "--role", "agent", "--cluster-name", "europe-cloud", "--no-wait") == 0)
        #expect(
            try await world.cluster.list(.deployments).items.map(\.name).sorted() == ["causeway-agent", "causeway-hub"])
        let embedded = World()
        try await embedded.install(.hub)
        #expect(await embedded.run("install", "--role", "hub", "--cluster-name", "europe-cloud") == 1)
        #expect(embedded.errors.written.contains("there is nothing to install"))
    }

    @Test(
        "what the daemon would not start with is refused by the option's name",
        arguments: [
            (["--cluster-name", "Rome"], "--cluster-name"), (["--cluster-labels", "a"], "--cluster-labels"),
            (["--replicas", "6"], "--replicas"), (["--replicas", "2"], "an edge has one agent"),
            (["--peer-address", "here"], "--peer-address"), (["--peer-address", "here:0"], "--peer-address"),
            (["--image", ""], "--image"),
        ])
    func options(_ arguments: [String], _ words: String) async throws {
        let world = World()
        let name = arguments.contains("--cluster-name") ? [] : ["--cluster-name", "rome"]
        #expect(await world.run(["install"] + name + arguments) == 1)
        #expect(world.errors.written.contains(words))
        #expect(try await world.cluster.list(.namespaces).items.isEmpty)
    }

    @Test("a Deployment that does not become available in time is a failure that says why")
    func unavailable() async throws {
        let world = World()
        var pod = KubernetesObject(.pods, name: "causeway-agent-x", namespace: "causeway-system")
        pod.labels = ["app.kubernetes.io/name": "causeway-agent"]
        pod.status = [
            "containerStatuses": [["state": ["waiting": ["reason": "ImagePullBackOff", "message": "no such image"]]]]
        ]
        try await world.create(.pods, pod)
        #expect(await world.run("install", "--cluster-name", "rome", "--timeout", "0s") == 1)
        #expect(world.errors.written.contains("0 of 1 pods are available"))
        #expect(world.errors.written.contains("pod causeway-agent-x: ImagePullBackOff (no such image)"))
    }

    @Test("what was installed goes whole, with the keys, and what another made of the same name stays")
    func uninstalled() async throws {
        let world = World()
        #expect(await world.run("install", "--role", "hub", "--cluster-name", "cloud", "--no-wait") == 0)
        try await world.create(.clusterRoles, KubernetesObject(.clusterRoles, name: "causeway-agent"))
        // Nobody's, so it goes with the namespace, and nobody waits for it before.
        var pod = KubernetesObject(.pods, name: "by-hand", namespace: "causeway-system")
        pod.labels = ["app.kubernetes.io/name": "causeway-hub"]
        try await world.create(.pods, pod)
        #expect(await world.run("uninstall", "-o", "json", "--purge") == 0)
        for type in [
            ResourceType.deployments, .services, .serviceAccounts, .roles, .roleBindings, .clusterRoleBindings,
            .mutatingWebhookConfigurations, .namespaces, .customResourceDefinitions,
        ] {
            #expect(try await names(world, type).isEmpty)
        }
        #expect(try await names(world, .clusterRoles) == ["causeway-agent"])
        let text = try #require(world.output.written.split(separator: "\n{", maxSplits: 1).last)
        let removed = try #require(try JSON(parsing: "{\(text)")["removed"]?.strings)
        #expect(removed.contains("deployments.apps/causeway-hub"))
        #expect(
            removed.last == "customresourcedefinitions.apiextensions.k8s.io/namespaceoffloadings.offloading.liqo.io")
    }

    @Test("config/kubernetes has what install applies", arguments: [ClusterInfo.Role.hub, .agent])
    func manifests(_ role: ClusterInfo.Role) async throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "config/kubernetes/\(role.rawValue).yaml")
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let content = text.split(separator: "\n", omittingEmptySubsequences: false).drop { $0.hasPrefix("#") }
        let world = World()
        #expect(
            await world.run(
                "install", "--dry-run", "--role", role.rawValue, "--cluster-name",
                role == .hub ? "europe-cloud" : "europe-rome-edge", "--cluster-labels",
                "topology.liqo.io/type=\(role == .hub ? "origin" : "destination")") == 0)
        #expect(content.joined(separator: "\n") == world.output.written, "run scripts/generate-manifests")
        // As others read it.
        var kinds: [String] = []
        for document in try Yams.compose_all(yaml: text) { kinds.append(document["kind"]?.string ?? "") }
        #expect(kinds.first == "Namespace" && kinds.last == "Deployment" && !kinds.contains(""))
    }
}
