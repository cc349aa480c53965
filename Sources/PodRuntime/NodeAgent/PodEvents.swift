import ClusterAPI
import JSONTree
import KubernetesModel
import PodRecords

/// What to tell users when a pod went from one status to another, in the kubelet's words. Pure.
struct PodEvents {
    struct Event: Sendable, Hashable {
        var severity: EventRecorder.Severity
        var reason: String
        var message: String
        /// Such as `spec.containers{nginx}`; empty for the pod as a whole.
        var fieldPath: String
    }

    let pod: KubernetesObject

    /// - Parameter old: `nil` for a pod that was not there before.
    func events(from old: PodRuntimeStatus?, to new: PodRuntimeStatus) -> [Event] {
        var events: [Event] = []
        if old?.remarks != new.remarks {
            events += new.remarks.map { Event(severity: .warning, reason: "NotSupported", message: $0, fieldPath: "") }
        }
        if !new.problem.isEmpty, old?.problem != new.problem {
            events.append(
                Event(
                    severity: .warning, reason: "FailedCreatePodSandBox",
                    message: "Failed to create pod sandbox: \(new.problem)", fieldPath: ""))
        }
        for problem in new.volumeProblems where old?.volumeProblems.contains(problem) != true {
            events.append(Event(severity: .warning, reason: "FailedMount", message: problem, fieldPath: ""))
        }
        for record in new.containers { events += containerEvents(from: old?[record.name], to: record) }
        let told = old?.notices.last?.number ?? 0
        for notice in new.notices where notice.number > told {
            guard let record = new[notice.container] else { continue }
            events.append(
                event(notice.reason.isWarning ? .warning : .normal, notice.reason.rawValue, notice.message, record))
        }
        return events
    }

    /// For each container that a stop ends.
    func killing(_ status: PodRuntimeStatus) -> [Event] {
        status.containers.filter(\.state.isRunning).map {
            event(.normal, "Killing", "Stopping container \($0.name)", $0)
        }
    }

    private func containerEvents(from old: ContainerRecord?, to new: ContainerRecord) -> [Event] {
        var events: [Event] = []
        let image = self.image(new)
        // A container that cannot be started was never started: it shows as a run whose end is a start error.
        let startError = [new.state.termination, new.last].compactMap { $0 }.first { $0.reason == "StartError" }
        let oldRuns = old?.runs ?? 0
        if new.runs > oldRuns {
            events.append(
                event(.normal, "Pulled", "Container image \"\(image)\" already present on machine", new))
            events.append(event(.normal, "Created", "Container created", new))
            if let startError, !new.state.isRunning {
                events.append(event(.warning, "Failed", "Error: \(startError.message)", new))
            } else {
                events.append(event(.normal, "Started", "Container started", new))
            }
        }
        guard case .waiting(let reason, let message) = new.state, old?.state != new.state else { return events }
        switch reason {
        case "CrashLoopBackOff", "RunContainerError":
            events.append(
                event(
                    .warning, "BackOff",
                    "Back-off restarting failed container \(new.name) in pod \(pod.name)_\(pod.namespace)(\(pod.uid))",
                    new))
        case "ErrImagePull":
            events.append(event(.warning, "Failed", "Failed to pull image \"\(image)\": \(message)", new))
            events.append(event(.warning, "Failed", "Error: ErrImagePull", new))
        case "ImagePullBackOff":
            events.append(event(.normal, "BackOff", "Back-off pulling image \"\(image)\"", new))
            events.append(event(.warning, "Failed", "Error: ImagePullBackOff", new))
        case "CreateContainerConfigError":
            events.append(event(.warning, "Failed", "Error: \(message)", new))
        default: break
        }
        return events
    }

    private func event(
        _ severity: EventRecorder.Severity, _ reason: String, _ message: String, _ record: ContainerRecord
    ) -> Event {
        let list = record.kind == .main ? "containers" : "initContainers"
        return Event(severity: severity, reason: reason, message: message, fieldPath: "spec.\(list){\(record.name)}")
    }

    private func image(_ record: ContainerRecord) -> String {
        let list = record.kind == .main ? "containers" : "initContainers"
        return pod.spec[list]?.array?.first { $0["name"]?.string == record.name }?["image"]?.string ?? ""
    }
}
