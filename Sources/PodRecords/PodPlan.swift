public import JSONTree

/// Everything a supervisor needs to run one pod: the file `spec.json` in the pod's folder, never changed after it is written.
public struct PodPlan: Sendable, Hashable {
    /// The format of the file. A reader refuses newer ones.
    public static let version = 1

    public var uid: String
    public var namespace: String
    public var name: String
    /// What the pod's processes see as the machine's name.
    public var hostname: String
    public var restartPolicy: RestartPolicy
    /// Seconds between SIGTERM and SIGKILL where a stop does not say otherwise.
    public var gracePeriodSeconds: Int
    public var isolation: Isolation
    public var network: NetworkPlan
    /// In the order of the specification, init containers first; at least one main container.
    public var containers: [ContainerPlan]
    public var memoryVolumes: [MemoryVolume]

    public init(
        uid: String, namespace: String, name: String, hostname: String, restartPolicy: RestartPolicy,
        gracePeriodSeconds: Int, isolation: Isolation, network: NetworkPlan, containers: [ContainerPlan],
        memoryVolumes: [MemoryVolume] = []
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.hostname = hostname
        self.restartPolicy = restartPolicy
        self.gracePeriodSeconds = gracePeriodSeconds
        self.isolation = isolation
        self.network = network
        self.containers = containers
        self.memoryVolumes = memoryVolumes
    }

    /// The pod as the kubelet names it in messages: `nginx_default(3c1d…)`.
    public var fullName: String { "\(name)_\(namespace)(\(uid))" }

    public var json: JSON {
        var json: JSON = [
            "version": JSON(Self.version), "uid": JSON(uid), "namespace": JSON(namespace), "name": JSON(name),
            "hostname": JSON(hostname), "restartPolicy": JSON(restartPolicy.rawValue),
            "gracePeriodSeconds": JSON(gracePeriodSeconds), "isolation": JSON(isolation.rawValue),
            "network": network.json, "containers": .array(containers.map(\.json)),
        ]
        if !memoryVolumes.isEmpty { json["memoryVolumes"] = .array(memoryVolumes.map(\.json)) }
        return json
    }

    public init(_ json: JSON) throws(JSONError) {
        let fields = try JSONFields(json)
        _ = try fields.int("version", in: 1...Self.version)
        uid = try fields.string("uid")
        namespace = try fields.string("namespace")
        name = try fields.string("name")
        hostname = try fields.string("hostname")
        guard let policy = RestartPolicy(rawValue: try fields.string("restartPolicy")) else {
            throw fields.error("restartPolicy", "is none of Always, OnFailure and Never")
        }
        restartPolicy = policy
        gracePeriodSeconds = try fields.int("gracePeriodSeconds", in: 0...31_536_000)
        guard let isolation = Isolation(rawValue: try fields.string("isolation")) else {
            throw fields.error("isolation", "is none of privileged, userNamespace and none")
        }
        self.isolation = isolation
        network = try NetworkPlan(try fields.object("network"))
        var plans: [ContainerPlan] = []
        for (name, value) in try fields.elements("containers") {
            plans.append(try ContainerPlan(try JSONFields(value, at: name)))
        }
        containers = plans
        var volumes: [MemoryVolume] = []
        for (name, value) in try fields.elements("memoryVolumes") {
            volumes.append(try MemoryVolume(try JSONFields(value, at: name)))
        }
        memoryVolumes = volumes
        guard containers.contains(where: { $0.kind == .main }) else {
            throw fields.error("containers", "has no main container")
        }
    }
}
