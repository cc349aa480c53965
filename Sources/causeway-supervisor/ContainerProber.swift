import Glibc
import PodHost
import PodRecords

/// The probes of one run of a container: the startup probe first, then liveness and readiness side by side.
struct ContainerProber {
    enum Verdict {
        case fine
        /// The startup or liveness probe has failed as often as it may.
        case unhealthy
    }

    private struct Probe {
        let plan: ProbePlan
        var tally: ProbeTally
        var attempt: ProbeAttempt?
        var nextAt: Int

        init?(_ plan: ProbePlan?, startedAt: Int) {
            guard let plan else { return nil }
            self.plan = plan
            tally = ProbeTally(plan)
            nextAt = startedAt + plan.initialDelaySeconds * 1_000_000_000
        }

        var deadline: Int { attempt?.deadline ?? nextAt }

        mutating func advance(_ container: ContainerPlan, at now: Moment) {
            if attempt == nil, nextAt <= now.monotonic {
                attempt = ProbeAttempt(plan, of: container, at: now)
                nextAt = now.monotonic + plan.periodSeconds * 1_000_000_000
            }
            guard let isSuccess = attempt?.advance(at: now) else { return }
            attempt = nil
            tally.count(isSuccess: isSuccess)
        }
    }

    private let container: ContainerPlan
    private var startup: Probe?
    private var liveness: Probe?
    private var readiness: Probe?

    init(_ container: ContainerPlan, startedAt now: Moment) {
        self.container = container
        startup = Probe(container.probes.startup, startedAt: now.monotonic)
        liveness = Probe(container.probes.liveness, startedAt: now.monotonic)
        readiness = Probe(container.probes.readiness, startedAt: now.monotonic)
    }

    var isStarted: Bool { startup == nil }
    var isReady: Bool { isStarted && readiness.map { $0.tally.verdict == .succeeded } ?? true }

    /// What to wait for.
    var files: [pollfd] { [startup, liveness, readiness].compactMap { $0?.attempt?.file } }

    /// When to call `advance` at the latest.
    var deadline: Int? {
        if let startup { return startup.deadline }
        return [liveness, readiness].compactMap { $0?.deadline }.min()
    }

    mutating func advance(at now: Moment) -> Verdict {
        if startup != nil {
            startup?.advance(container, at: now)
            switch startup?.tally.verdict {
            case .succeeded: startup = nil
            case .failed: return .unhealthy
            case .undecided, nil: return .fine
            }
        }
        liveness?.advance(container, at: now)
        readiness?.advance(container, at: now)
        return liveness?.tally.verdict == .failed ? .unhealthy : .fine
    }

    mutating func reaped(_ pid: pid_t, _ exit: ProcessExit) {
        startup?.attempt?.reaped(pid, exit)
        liveness?.attempt?.reaped(pid, exit)
        readiness?.attempt?.reaped(pid, exit)
    }

    mutating func close() {
        startup?.attempt?.cancel()
        liveness?.attempt?.cancel()
        readiness?.attempt?.cancel()
    }
}
