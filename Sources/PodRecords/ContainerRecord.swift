public import JSONTree

/// What is known of one container of a pod.
public struct ContainerRecord: Sendable, Hashable {
    public var name: String
    public var kind: ContainerKind
    public var state: ContainerState
    /// How the run before this one ended.
    public var last: Termination?
    /// How often the container was started, failed attempts included; the logs of a run are `logs/NAME/<its number from 0>.log`.
    public var runs: Int
    public var backOff: RestartBackOff
    /// The monotonic time of the last end; what the back-off counts from.
    public var endedAt: Int
    /// Whether the startup probe has succeeded in this run, or there is none.
    public var isStarted: Bool
    /// Whether the readiness probe says ready, or there is none and the container runs.
    public var isReady: Bool

    public init(name: String, kind: ContainerKind, state: ContainerState) {
        self.name = name
        self.kind = kind
        self.state = state
        runs = 0
        backOff = RestartBackOff()
        endedAt = 0
        isStarted = false
        isReady = false
    }

    public var restartCount: Int { max(0, runs - 1) }

    public var json: JSON {
        var json: JSON = [
            "name": JSON(name), "kind": JSON(kind.rawValue), "state": state.json, "runs": JSON(runs),
            "backOffDelay": JSON(backOff.delay), "restartedAt": JSON(backOff.restartedAt),
            "endedAt": JSON(endedAt), "started": JSON(isStarted), "ready": JSON(isReady),
        ]
        if let last { json["last"] = last.json }
        return json
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        name = try fields.string("name")
        guard let kind = ContainerKind(rawValue: try fields.string("kind")) else {
            throw fields.error("kind", "is none of initial, sidecar and main")
        }
        self.kind = kind
        state = try ContainerState(try fields.object("state"))
        last = if let last = try fields.optionalObject("last") { try Termination(last) } else { nil }
        runs = try fields.int("runs")
        backOff = RestartBackOff(
            delay: try fields.int("backOffDelay"), restartedAt: try fields.int("restartedAt"))
        endedAt = try fields.int("endedAt")
        isStarted = try fields.bool("started")
        isReady = try fields.bool("ready")
    }
}
