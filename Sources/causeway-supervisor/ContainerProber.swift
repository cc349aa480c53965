import Glibc
import PodHost
import PodRecords

/// The probes of one run of a container: the startup probe first, then liveness and readiness side by side.
struct ContainerProber {
    enum Verdict {
        case fine
        /// A probe has failed as often as it may; which one.
        case unhealthy(Kind)
    }

    enum Kind: String {
        case startup, liveness, readiness

        /// As events begin.
        var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
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

        /// - Returns: why an attempt failed, where one has.
        mutating func advance(_ container: ContainerPlan, process: pid_t?, at now: Moment) -> String? {
            if attempt == nil, nextAt <= now.monotonic {
                attempt = ProbeAttempt(plan, of: container, process: process, at: now)
                nextAt = now.monotonic + plan.periodSeconds * 1_000_000_000
            }
            guard let outcome = attempt?.advance(at: now) else { return nil }
            attempt = nil
            tally.count(isSuccess: outcome == .succeeded)
            if case .failed(let reason) = outcome { return reason }
            return nil
        }
    }

    private let container: ContainerPlan
    /// Whose files commands see; `nil` for those of the pod.
    private let process: pid_t?
    private var startup: Probe?
    private var liveness: Probe?
    private var readiness: Probe?

    init(_ container: ContainerPlan, process: pid_t?, startedAt now: Moment) {
        self.container = container
        self.process = process
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

    /// - Parameter tell: hears of each attempt that failed, in the kubelet's words.
    mutating func advance(at now: Moment, tell: (String) -> Void) -> Verdict {
        if startup != nil {
            let failure = startup?.advance(container, process: process, at: now)
            if let failure { tell("\(Kind.startup.title) probe failed: \(failure)") }
            switch startup?.tally.verdict {
            case .succeeded: startup = nil
            case .failed: return .unhealthy(.startup)
            case .undecided, nil: return .fine
            }
        }
        if let failure = liveness?.advance(container, process: process, at: now) {
            tell("\(Kind.liveness.title) probe failed: \(failure)")
        }
        if let failure = readiness?.advance(container, process: process, at: now) {
            tell("\(Kind.readiness.title) probe failed: \(failure)")
        }
        return liveness?.tally.verdict == .failed ? .unhealthy(.liveness) : .fine
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
