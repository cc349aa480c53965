public import JSONTree

/// What a pod's supervisor has written about it: the file `state.json` in the pod's folder.
///
/// Only the supervisor writes it, as a whole, by renaming; whoever reads it sees one consistent state.
public struct PodState: Sendable, Hashable {
    public enum Phase: String, Sendable, Hashable {
        /// Containers start, run, wait for a restart.
        case active
        /// Told to end; the grace period runs.
        case stopping
        /// Nothing runs any more and nothing will: finished by itself or stopped.
        case finished
    }

    /// The format of the file. A reader refuses newer ones.
    public static let version = 1

    public var uid: String
    /// The boot of the machine in which this was written: `/proc/sys/kernel/random/boot_id`.
    public var bootID: String
    public var supervisor: ProcessIdentity
    public var startedAt: WallTime
    public var phase: Phase
    /// The pod's address; `nil` where it has none of its own.
    public var address: String?
    /// In the order of the pod's specification, init containers first.
    public var containers: [ContainerRecord]
    /// Why the pod as a whole could not be set up; empty where it could.
    public var problem: String
    /// What happened last, oldest first; bounded, so that a reader who looks rarely may miss some.
    public private(set) var notices: [Notice]
    private static let mostNotices = 16

    public init(
        uid: String, bootID: String, supervisor: ProcessIdentity, startedAt: WallTime, phase: Phase, address: String?,
        containers: [ContainerRecord], problem: String = ""
    ) {
        self.uid = uid
        self.bootID = bootID
        self.supervisor = supervisor
        self.startedAt = startedAt
        self.phase = phase
        self.address = address
        self.containers = containers
        self.problem = problem
        notices = []
    }

    public mutating func note(_ container: String, _ reason: Notice.Reason, _ message: String) {
        let number = (notices.last?.number ?? 0) + 1
        notices.append(Notice(number: number, container: container, reason: reason, message: message))
        if notices.count > Self.mostNotices { notices.removeFirst() }
    }

    public subscript(name: String) -> ContainerRecord? { containers.first { $0.name == name } }

    public var json: JSON {
        var json: JSON = [
            "version": JSON(Self.version), "uid": JSON(uid), "bootID": JSON(bootID), "supervisor": supervisor.json,
            "startedAt": JSON(startedAt.nanoseconds), "phase": JSON(phase.rawValue),
            "containers": .array(containers.map(\.json)),
        ]
        if let address { json["address"] = JSON(address) }
        if !problem.isEmpty { json["problem"] = JSON(problem) }
        if !notices.isEmpty { json["notices"] = .array(notices.map(\.json)) }
        return json
    }

    public init(_ json: JSON) throws(JSONError) {
        let fields = try JSONFields(json)
        _ = try fields.int("version", in: 1...Self.version)
        uid = try fields.string("uid")
        bootID = try fields.string("bootID")
        supervisor = try ProcessIdentity(try fields.object("supervisor"))
        startedAt = WallTime(nanoseconds: try fields.int("startedAt"))
        guard let phase = Phase(rawValue: try fields.string("phase")) else {
            throw fields.error("phase", "is none of active, stopping and finished")
        }
        self.phase = phase
        address = try fields.optionalString("address")
        var records: [ContainerRecord] = []
        for (name, value) in try fields.elements("containers") {
            records.append(try ContainerRecord(try JSONFields(value, at: name)))
        }
        containers = records
        problem = try fields.optionalString("problem") ?? ""
        var notices: [Notice] = []
        for (name, value) in try fields.elements("notices") {
            notices.append(try Notice(try JSONFields(value, at: name)))
        }
        self.notices = notices
    }
}
