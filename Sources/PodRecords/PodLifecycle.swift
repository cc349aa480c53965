/// The life of one pod: which container starts, restarts, waits or ends, and when. A value without processes or clocks.
///
/// Events are told by the mutating functions, each of which returns what to do now; `nextDeadline` says when to call
/// `advance` although nothing happened. A `start` must be answered by `started` or `failedToStart`.
///
/// | phase | event | next phase | actions |
/// |---|---|---|---|
/// | active | an init container may run and its forerunners are done | active | start it |
/// | active | init containers are done | active | start the main ones |
/// | active | a container ended, the policy restarts it | active | start it, at once or after its back-off |
/// | active | an init container failed for good, or all main ones ended for good | active, then finished | signal what still runs |
/// | active | a container is unhealthy | active | signal it; kill it after its grace period |
/// | active | stop | stopping | signal what runs; kill it after the grace period |
/// | stopping | the last container ended | finished | none |
/// | finished | any | finished | none |
public struct PodLifecycle: Sendable {
    public enum Action: Sendable, Hashable {
        /// Start the container; `run` counts from 0 and names the log file.
        case start(container: String, run: Int)
        /// Ask the container's processes to end.
        case signal(container: String)
        /// End the container's processes.
        case kill(container: String)
    }

    public let plan: PodPlan
    public internal(set) var state: PodState
    /// Containers whose start was asked for and not yet answered.
    private var starting: Set<String> = []
    /// When a container that was asked to end is killed, on the monotonic clock; `Int.max` once it is.
    private var deadlines: [String: Int] = [:]
    private static let second = 1_000_000_000

    /// A pod that has never run.
    public init(plan: PodPlan, bootID: String, supervisor: ProcessIdentity, at now: Moment) {
        self.plan = plan
        let hasInit = plan.containers.contains { $0.kind != .main }
        let records = plan.containers.map { container in
            let reason = hasInit && container.kind == .main ? "PodInitializing" : "ContainerCreating"
            return ContainerRecord(
                name: container.name, kind: container.kind, state: .waiting(reason: reason, message: ""))
        }
        state = PodState(
            uid: plan.uid, bootID: bootID, supervisor: supervisor, startedAt: now.wall, phase: .active,
            address: plan.network.address, containers: records)
    }

    /// A pod with a history: see `PodState.recovered`.
    init(plan: PodPlan, state: PodState) {
        self.plan = plan
        self.state = state
    }

    // MARK: - Events

    /// Does what is due.
    public mutating func advance(at now: Moment) -> [Action] {
        var actions: [Action] = []
        for record in state.containers where record.state.isRunning {
            guard let deadline = deadlines[record.name], deadline <= now.monotonic else { continue }
            deadlines[record.name] = Int.max
            actions.append(.kill(container: record.name))
        }
        switch state.phase {
        case .active:
            if hasEnded {
                actions += end(at: now)
            } else {
                startWhatMay(at: now, &actions)
                // A start that the policy does not repeat may have been the last thing to wait for.
                if hasEnded { actions += end(at: now) }
            }
        case .stopping:
            finishWhenQuiet()
        case .finished:
            break
        }
        return actions
    }

    public mutating func started(_ name: String, as process: ProcessIdentity, at now: Moment) -> [Action] {
        starting.remove(name)
        update(name) { record, container in
            record.state = .running(process, startedAt: now.wall)
            record.isStarted = container.probes.startup == nil && container.postStart == nil
            record.isReady = record.isStarted && container.probes.readiness == nil
        }
        if state.phase == .stopping { return endContainer(name, grace: 0, at: now) + advance(at: now) }
        return advance(at: now)
    }

    /// - Parameter message: why, as the kubelet would say it.
    public mutating func failedToStart(_ name: String, message: String, at now: Moment) -> [Action] {
        starting.remove(name)
        ended(
            name,
            Termination(
                exitCode: 128, reason: "StartError", message: message, startedAt: nil, finishedAt: now.wall),
            at: now)
        return advance(at: now)
    }

    /// - Parameter message: what the container left as its last words.
    public mutating func exited(
        _ name: String, _ exit: ProcessExit, message: String = "", at now: Moment
    ) -> [Action] {
        let startedAt: WallTime? =
            if case .running(_, let startedAt) = state[name]?.state { startedAt } else { nil }
        var termination = exit.termination(startedAt: startedAt, finishedAt: now.wall)
        termination.message = message
        ended(name, termination, at: now)
        return advance(at: now)
    }

    /// Takes the word of a readiness probe, or of a startup probe that has succeeded.
    public mutating func probed(_ name: String, isStarted: Bool, isReady: Bool) {
        update(name) { record, _ in
            guard record.state.isRunning else { return }
            record.isStarted = isStarted
            record.isReady = isStarted && isReady
        }
    }

    /// Tells users of something that changes nothing by itself.
    public mutating func note(_ name: String, _ reason: Notice.Reason, _ message: String) {
        state.note(name, reason, message)
    }

    /// Ends a container whose liveness or startup probe or whose start hook failed; its restart follows the policy.
    ///
    /// - Parameter cause: such as `failed liveness probe`.
    public mutating func unhealthy(_ name: String, cause: String, at now: Moment) -> [Action] {
        guard state.phase == .active, deadlines[name] == nil, state[name]?.state.isRunning == true else { return [] }
        let record = state[name]
        let isRestarted = plan.restartPolicy != .never || record?.kind == .sidecar
        state.note(name, .killing, "Container \(name) \(cause)\(isRestarted ? ", will be restarted" : "")")
        return endContainer(name, grace: plan.gracePeriodSeconds, at: now)
    }

    /// Ends the pod. A second call can only shorten the time.
    public mutating func stop(gracePeriodSeconds: Int, at now: Moment) -> [Action] {
        guard state.phase != .finished else { return [] }
        state.phase = .stopping
        for index in state.containers.indices {
            // What waited for a restart will not have one: its last end was the last.
            if case .waiting = state.containers[index].state, let last = state.containers[index].last {
                state.containers[index].state = .terminated(last)
            }
        }
        var actions: [Action] = []
        for record in state.containers where record.state.isRunning {
            actions += endContainer(record.name, grace: gracePeriodSeconds, at: now)
        }
        return actions + advance(at: now)
    }

    /// When `advance` is to be called at the latest, on the monotonic clock; `nil` where only events count.
    public func nextDeadline(after now: Moment) -> Int? {
        var earliest: Int?
        func consider(_ time: Int) {
            if time > now.monotonic, time != Int.max { earliest = min(earliest ?? time, time) }
        }
        for record in state.containers {
            if record.state.isRunning, let deadline = deadlines[record.name] { consider(deadline) }
            if state.phase == .active, case .waiting = record.state, record.last != nil {
                consider(record.backOff.earliestStart(afterEnd: record.endedAt))
            }
        }
        return earliest
    }

    // MARK: - Decisions

    private mutating func update(_ name: String, _ change: (inout ContainerRecord, ContainerPlan) -> Void) {
        guard let index = state.containers.firstIndex(where: { $0.name == name }),
            let container = plan.containers.first(where: { $0.name == name })
        else { return }
        change(&state.containers[index], container)
    }

    private mutating func ended(_ name: String, _ termination: Termination, at now: Moment) {
        deadlines[name] = nil
        update(name) { record, _ in
            record.state = .terminated(termination)
            record.endedAt = now.monotonic
            record.isStarted = false
            record.isReady = false
        }
    }

    private mutating func endContainer(_ name: String, grace: Int, at now: Moment) -> [Action] {
        let deadline = now.monotonic + grace * Self.second
        if let earlier = deadlines[name], earlier <= deadline { return [] }
        let isFirst = deadlines[name] == nil
        guard grace > 0 else {
            deadlines[name] = Int.max
            return [.kill(container: name)]
        }
        deadlines[name] = deadline
        return isFirst ? [.signal(container: name)] : []
    }

    /// Whether a container with this record will be started again, sooner or later.
    private func restarts(_ record: ContainerRecord) -> Bool {
        guard case .terminated(let end) = record.state else { return true }
        return switch record.kind {
        case .sidecar: true
        case .initial: end.exitCode != 0 && plan.restartPolicy != .never
        case .main: plan.restartPolicy.restarts(afterExitCode: end.exitCode)
        }
    }

    /// Whether nothing is left to do but to end sidecars.
    private var hasEnded: Bool {
        let failedInit = state.containers.contains {
            $0.kind == .initial && $0.state.termination.map { $0.exitCode != 0 } == true && !restarts($0)
        }
        return failedInit || state.containers.allSatisfy { $0.kind != .main || !restarts($0) }
    }

    private mutating func end(at now: Moment) -> [Action] {
        var actions: [Action] = []
        for record in state.containers where record.state.isRunning {
            actions += endContainer(record.name, grace: plan.gracePeriodSeconds, at: now)
        }
        finishWhenQuiet()
        return actions
    }

    private mutating func finishWhenQuiet() {
        if starting.isEmpty, !state.containers.contains(where: \.state.isRunning) { state.phase = .finished }
    }

    private mutating func startWhatMay(at now: Moment, _ actions: inout [Action]) {
        for index in state.containers.indices where state.containers[index].kind != .main {
            let record = state.containers[index]
            if record.kind == .initial, record.state.termination?.exitCode == 0 { continue }
            startIfDue(index, at: now, &actions)
            switch record.kind {
            case .initial: return
            case .sidecar: guard state.containers[index].isStarted || record.restartCount > 0 else { return }
            case .main: break
            }
        }
        for index in state.containers.indices where state.containers[index].kind == .main {
            startIfDue(index, at: now, &actions)
        }
    }

    private mutating func startIfDue(_ index: Int, at now: Moment, _ actions: inout [Action]) {
        var record = state.containers[index]
        guard !record.state.isRunning, !starting.contains(record.name), restarts(record) else { return }
        if case .terminated(let end) = record.state { record.last = end }
        if record.last != nil {
            let earliest = record.backOff.earliestStart(afterEnd: record.endedAt)
            guard earliest <= now.monotonic else {
                state.containers[index].last = record.last
                state.containers[index].state = backOffState(record)
                return
            }
            record.backOff.restarted(afterEnd: record.endedAt, at: now.monotonic)
            record.state = .waiting(reason: "ContainerCreating", message: "")
        }
        actions.append(.start(container: record.name, run: record.runs))
        record.runs += 1
        state.containers[index] = record
        starting.insert(record.name)
    }

    private func backOffState(_ record: ContainerRecord) -> ContainerState {
        if let last = record.last, last.reason == "StartError" {
            return .waiting(reason: "RunContainerError", message: last.message)
        }
        let delay = Self.text(ofDelay: record.backOff.delay)
        return .waiting(
            reason: "CrashLoopBackOff",
            message: "back-off \(delay) restarting failed container=\(record.name) pod=\(plan.fullName)")
    }

    /// A delay as Go prints it: `10s`, `1m20s`, `5m0s`.
    static func text(ofDelay delay: Int) -> String {
        let seconds = delay / second
        return seconds < 60 ? "\(seconds)s" : "\(seconds / 60)m\(seconds % 60)s"
    }
}
