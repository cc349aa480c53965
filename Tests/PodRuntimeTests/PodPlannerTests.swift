import JSONTree
import KubernetesModel
import PodRecords
import Testing

@testable import PodRuntime

@Suite struct PodPlannerTests {
    static func plan(
        _ request: PodRequest, _ images: [String: ImageTable.Entry] = [:], bindsLowPorts: Bool = true,
        isolation: Isolation = .none, absent: Set<String> = []
    ) -> PodPlanner.Outcome {
        PodPlanner(
            request, images: ImageTable(entries: images),
            surroundings: PodPlanner.Surroundings(
                hostAddress: "10.0.0.1", searchPath: "/bin", filesFolder: "/f", volumesFolder: "/v", hostsFile: "/h",
                processors: 2, memory: 1 << 30, bindsLowPorts: bindsLowPorts, isolation: isolation,
                network: .host(address: "127.0.0.5"), absentPrograms: absent)
        ).plan()
    }

    @Test("the environment is put together as Kubernetes does")
    func environment() throws {
        var request = RuntimeFixture.pod(
            command: ["run", "$(B)", "$(MISSING)"],
            [
                "envFrom": [["prefix": "P_", "configMapRef": ["name": "c"]]],
                "env": [
                    ["name": "A", "value": "1"], ["name": "B", "value": "$(A)2"],
                    ["name": "IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]],
                    ["name": "APP", "valueFrom": ["fieldRef": ["fieldPath": "metadata.labels['app']"]]],
                    ["name": "S", "valueFrom": ["secretKeyRef": ["name": "s", "key": "k"]]],
                    ["name": "O", "valueFrom": ["secretKeyRef": ["name": "no", "key": "k", "optional": true]]],
                ],
            ])
        request.pod.labels = ["app": "shop"]
        request.values = ReferencedValues(configMaps: ["c": ["x": "y"]], secrets: ["s": ["k": "secret"]])
        let container = try #require(Self.plan(request).plan?.containers.first)
        #expect(container.arguments == ["run", "12", "$(MISSING)"])
        for entry in [
            "P_x=y", "B=12", "IP=127.0.0.5", "APP=shop", "S=secret", "HOSTNAME=web", "CAUSEWAY_POD_UID=uid-web",
        ] {
            #expect(container.environment.contains(entry), "\(entry)")
        }
        #expect(!container.environment.contains { $0.hasPrefix("O=") })
    }

    @Test("a missing value makes the container wait and says which one")
    func missing() {
        var request = RuntimeFixture.pod(
            command: ["run"],
            ["env": [["name": "A", "valueFrom": ["configMapKeyRef": ["name": "c", "key": "k"]]]]])
        #expect(
            Self.plan(request).obstacles["main"]
                == PodPlanner.Obstacle(reason: "CreateContainerConfigError", message: "configmap \"c\" not found"))
        request.values.configMaps["c"] = [:]
        #expect(Self.plan(request).obstacles["main"]?.message == "couldn't find key k in ConfigMap default/c")
    }

    @Test("an image stands for its command, which args and command replace as they do in an image")
    func images() {
        let entry = ImageTable.Entry(command: ["serve", "$(PORT_80)"], arguments: ["default"], ports: [80])
        let images = ["web": entry]
        #expect(
            Self.plan(RuntimeFixture.pod(image: "web:2"), images).plan?.containers[0].arguments == [
                "serve", "80", "default",
            ])
        #expect(
            Self.plan(RuntimeFixture.pod(image: "web"), images, bindsLowPorts: false).plan?.containers[0].arguments
                == ["serve", "8080", "default"])
        #expect(
            Self.plan(RuntimeFixture.pod(image: "web", ["args": ["own"]]), images).plan?.containers[0].arguments
                == ["serve", "80", "own"])
        #expect(
            Self.plan(RuntimeFixture.pod(command: ["other"], image: "web"), images).plan?.containers[0].arguments
                == ["other"])
    }

    @Test("an image's own programs take the place of the machine's, and are missed where they are not there")
    func programs() {
        let images = ["tools": ImageTable.Entry(command: ["a"], programs: ["/bin/x": "/bin/true"])]
        let pod = RuntimeFixture.pod(image: "tools")
        let mounts = Self.plan(pod, images, isolation: .privileged).plan?.containers[0].mounts
        #expect(mounts?.last == MountPlan(source: "/bin/true", target: "/bin/x", isReadOnly: true))
        #expect(Self.plan(pod, images).plan?.containers[0].mounts == [])
        let outcome = Self.plan(pod, images, isolation: .privileged, absent: ["/bin/true"])
        #expect(outcome.obstacles["main"]?.reason == "ErrImagePull")
    }

    @Test("probes find their ports and addresses")
    func probes() throws {
        let request = RuntimeFixture.pod(
            command: ["run"],
            [
                "ports": [["name": "http", "containerPort": 8080]],
                "readinessProbe": ["httpGet": ["port": "http", "path": "/ok"], "periodSeconds": 3],
                "livenessProbe": ["grpc": ["port": 1]],
            ])
        let outcome = Self.plan(request)
        let probes = try #require(outcome.plan?.containers.first?.probes)
        #expect(probes.readiness?.check == .httpGet(host: "127.0.0.5", port: 8080, path: "/ok", headers: []))
        #expect(probes.readiness?.periodSeconds == 3)
        #expect(probes.liveness == nil)
        #expect(outcome.remarks.count == 1)
    }

    @Test("a container learns its own requests and limits, and the node's where it has none")
    func resources() throws {
        func variable(_ name: String, _ resource: String, divisor: JSON = "0") -> JSON {
            [
                "name": .string(name),
                "valueFrom": ["resourceFieldRef": ["resource": .string(resource), "divisor": divisor]],
            ]
        }
        let request = RuntimeFixture.pod(
            command: ["run"],
            [
                "resources": ["requests": ["cpu": "250m"], "limits": ["memory": "64Mi"]],
                "env": [
                    variable("CPU", "requests.cpu"), variable("MILLI", "requests.cpu", divisor: "1m"),
                    variable("MEMORY", "limits.memory", divisor: "1Mi"), variable("ALL", "limits.cpu"),
                    variable("NONE", "requests.memory"),
                ],
            ])
        let environment = try #require(Self.plan(request).plan?.containers.first?.environment)
        for entry in ["CPU=1", "MILLI=250", "MEMORY=64", "ALL=2", "NONE=0"] {
            #expect(environment.contains(entry), "\(entry)")
        }
    }

    @Test("a volume that the runtime cannot have keeps the pod waiting, one that nothing mounts does not")
    func unknownVolume() {
        var request = RuntimeFixture.pod(
            command: ["run"], ["volumeMounts": [["name": "disk", "mountPath": "/disk"]]])
        request.pod.json["spec", "volumes"] = [
            ["name": "disk", "persistentVolumeClaim": ["claimName": "mine"]], ["name": "other", "nfs": [:]],
        ]
        let outcome = Self.plan(request, isolation: .privileged)
        #expect(outcome.plan == nil)
        #expect(outcome.volumeProblems.count == 1)
        #expect(outcome.volumeProblems.first?.contains("no volumes of kind persistentVolumeClaim") == true)
    }

    @Test("without mount namespaces a container runs without its volumes, and that is told")
    func noMounts() {
        var request = RuntimeFixture.pod(
            command: ["run"], ["volumeMounts": [["name": "data", "mountPath": "/data"]]])
        request.pod.json["spec", "volumes"] = [["name": "data", "emptyDir": [:]]]
        let outcome = Self.plan(request)
        #expect(outcome.plan?.containers.first?.mounts == [])
        #expect(outcome.remarks.count == 1)
    }
}
