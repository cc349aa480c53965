import Glibc
import PodHost
import PodRecords

/// A container's `postStart` or `preStop` while it is being done.
struct ContainerHook {
    enum Occasion {
        case afterStart
        case beforeStop
    }

    private enum Work {
        case attempt(ProbeAttempt)
        /// The monotonic time to wait for.
        case sleep(until: Int)
    }

    let moment: Occasion
    private var work: Work

    /// - Parameter process: whose files a command is to see; `nil` for those of the pod.
    init(_ moment: Occasion, _ plan: HookPlan, of container: ContainerPlan, process: pid_t?, at now: Moment) {
        self.moment = moment
        switch plan {
        case .sleep(let seconds): work = .sleep(until: now.monotonic + seconds * 1_000_000_000)
        case .check(let check):
            // A hook may take as long as the container's end is waited for, or for ever after its start.
            work = .attempt(
                ProbeAttempt(ProbePlan(check: check), of: container, process: process, hasTimeout: false, at: now))
        }
    }

    var file: pollfd? { if case .attempt(let attempt) = work { attempt.file } else { nil } }

    /// When to call `advance` at the latest; `nil` where only events count.
    var deadline: Int? {
        switch work {
        case .attempt(let attempt): attempt.deadline == Int.max ? nil : attempt.deadline
        case .sleep(let end): end
        }
    }

    /// - Returns: how it ended, once that is known.
    mutating func advance(at now: Moment) -> ProbeAttempt.Outcome? {
        switch work {
        case .sleep(let end): return end <= now.monotonic ? .succeeded : nil
        case .attempt(var attempt):
            let outcome = attempt.advance(at: now)
            work = .attempt(attempt)
            return outcome
        }
    }

    mutating func reaped(_ pid: pid_t, _ exit: ProcessExit) {
        guard case .attempt(var attempt) = work else { return }
        attempt.reaped(pid, exit)
        work = .attempt(attempt)
    }

    mutating func cancel() {
        guard case .attempt(var attempt) = work else { return }
        attempt.cancel()
        work = .attempt(attempt)
    }
}
