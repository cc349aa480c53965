/// What ended a pod's supervisor before its time.
public enum SupervisorLoss: Sendable, Hashable {
    /// It died or was killed, and its containers with it.
    case died
    /// The machine was restarted.
    case rebooted
}

extension PodState {
    /// The state with every container that ran marked as ended, with reason `Unknown`: its exit status died with the supervisor.
    ///
    /// Exit code 137 (killed) after the supervisor's death, 255 after a restart of the machine, as the kubelet reports it.
    public func after(_ loss: SupervisorLoss, at now: Moment) -> PodState {
        var state = self
        for index in state.containers.indices {
            var record = state.containers[index]
            record.isStarted = false
            record.isReady = false
            if case .running(_, let startedAt) = record.state {
                let message =
                    switch loss {
                    case .died: "The pod's supervisor died, so the container was killed and its exit status is unknown"
                    case .rebooted: "The machine was restarted while the container ran"
                    }
                record.state = .terminated(
                    Termination(
                        exitCode: loss == .died ? 137 : 255, reason: "Unknown", message: message, startedAt: startedAt,
                        finishedAt: now.wall))
                record.endedAt = now.monotonic
            }
            if loss == .rebooted {
                record.backOff = record.backOff.rebased(to: now.monotonic)
                record.endedAt = now.monotonic
            }
            state.containers[index] = record
        }
        if state.phase == .stopping { state.phase = .finished }
        return state
    }
}

extension PodLifecycle {
    /// A pod taken up by a new supervisor after the old one was lost.
    ///
    /// Its network is new, so its init containers run again, as Kubernetes has it, unless the policy is Never or nothing
    /// is left to run.
    public init(
        plan: PodPlan, recovering previous: PodState, after loss: SupervisorLoss, bootID: String,
        supervisor: ProcessIdentity, at now: Moment
    ) {
        var state = previous.after(loss, at: now)
        state.bootID = bootID
        state.supervisor = supervisor
        state.address = plan.network.address
        self.init(plan: plan, state: state)
        guard state.phase == .active, plan.restartPolicy != .never else { return }
        let runsAgain = state.containers.contains { record in
            guard record.kind == .main, case .terminated(let end) = record.state else { return record.kind == .main }
            return plan.restartPolicy.restarts(afterExitCode: end.exitCode)
        }
        guard runsAgain else { return }
        for index in self.state.containers.indices where self.state.containers[index].kind == .initial {
            let record = self.state.containers[index]
            guard let end = record.state.termination, end.exitCode == 0 else { continue }
            self.state.containers[index].last = end
            self.state.containers[index].backOff = RestartBackOff()
            self.state.containers[index].state = .waiting(reason: "PodInitializing", message: "")
        }
    }
}
