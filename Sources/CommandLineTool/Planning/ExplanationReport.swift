import ClusterAPI
import JSONTree
import KubernetesModel
import Scheduling

/// `explain pod`: asks the scheduler about one pod as if it had no place, and prints what it says of every cluster.
struct ExplanationReport: Sendable {
    let tool: Tool
    let namespace: String
    let name: String
    let format: StatusFormat

    func run() async throws {
        guard let pod = try await tool.cluster.find(.pods, namespace: namespace, name: name) else {
            throw ToolError("there is no pod \(name) in namespace \(namespace)")
        }
        guard !pod.isFinishedPod else {
            throw ToolError("pod \(namespace)/\(name) has ended: it is placed nowhere any more")
        }
        let view = try await SchedulerView(tool.cluster, namespace: namespace)
        var template = pod
        template.json["spec", "nodeName"] = nil
        template.json["status"] = nil
        var question = view.question(template, replicas: 1) { _ in false }
        question.pods.removeAll { $0.key == pod.key }
        let answer: PlacementPlan.NewPod?
        do {
            answer = try question.answer().newPods.first
        } catch {
            throw ToolError("the pod cannot be explained: \(error.message)")
        }
        guard let answer else { return }
        let text = ExplanationText(answer)
        tool.host.output.write(format == .json ? json(pod, text).text(.pretty) + "\n" : lines(pod, text))
    }

    private func lines(_ pod: KubernetesObject, _ text: ExplanationText) -> String {
        var lines: [String] = []
        let title = "Pod \(namespace)/\(name)"
        if let node = Self.node(of: pod) {
            lines.append("\(title) is on \(PlacementText.cluster(node)).")
            lines.append(
                text.choice.map { "Placed now it would go to \($0)." }
                    ?? "Placed now it would stay Pending: \(text.refusal)")
        } else if let choice = text.choice {
            lines.append("\(title) has no place yet; the scheduler would choose \(choice).")
            lines += Self.obstacles(pod)
        } else {
            lines.append("\(title) stays Pending: \(text.refusal)")
            lines += Self.obstacles(pod)
        }
        return (lines + text.rows).joined(separator: "\n") + "\n"
    }

    private func json(_ pod: KubernetesObject, _ text: ExplanationText) -> JSON {
        var json = text.json
        json["pod"] = ["namespace": .string(namespace), "name": .string(name)]
        json["placedOn"] = Self.node(of: pod).map { .string(PlacementText.cluster($0)) } ?? .null
        json["obstacles"] = JSON(Self.obstacles(pod))
        return json
    }

    private static func node(of pod: KubernetesObject) -> String? {
        pod.spec["nodeName"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What keeps a pod waiting that no node can tell: gates, and what its scheduler said last, such as of edges that
    /// rejected it a short while ago.
    private static func obstacles(_ pod: KubernetesObject) -> [String] {
        var obstacles: [String] = []
        let gates = (pod.spec["schedulingGates"]?.array ?? []).compactMap { $0["name"]?.string }
        if !gates.isEmpty { obstacles.append("It waits for its scheduling gates: \(gates.joined(separator: ", ")).") }
        let condition = Conditions.find("PodScheduled", in: pod.status["conditions"])
        if condition?["status"]?.string == "False", let said = condition?["message"]?.string, !said.isEmpty {
            obstacles.append("Its scheduler said last: \(said)")
        }
        return obstacles
    }
}
