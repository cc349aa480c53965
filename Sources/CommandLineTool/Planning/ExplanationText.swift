import JSONTree
import Scheduling

/// Why a pod goes where it goes, as people and as programs read it.
struct ExplanationText: Sendable {
    private let explanation: PlacementExplanation
    /// The domains that set the minimum, where a spread constraint keeps the pod off some node.
    private let limitedBy: [String]

    init(_ pod: PlacementPlan.NewPod) {
        explanation = pod.explanation
        limitedBy = pod.limitedBy.map(PlacementText.cluster)
    }

    /// The cluster chosen and the one that would be next; `nil` where none will do.
    var choice: String? {
        explanation.node.map { node in
            let next = explanation.runnerUp.map { "; next would be \(PlacementText.cluster($0))" }
            return PlacementText.cluster(node) + (next ?? "; no other would do")
        }
    }

    /// Why none will do, in kube-scheduler's words, and who holds the pod up.
    var refusal: String {
        limitedBy.isEmpty
            ? explanation.failure : "\(explanation.failure) Fewest pods have \(limitedBy.joined(separator: ", "))."
    }

    /// A line for each cluster.
    var rows: [String] {
        TextColumns.lines(
            explanation.reasons.map { ["  " + PlacementText.cluster($0.node), Self.word($0.verdict), $0.text] })
    }

    private static func word(_ verdict: PlacementExplanation.Verdict) -> String {
        switch verdict {
        case .chosen: "chosen"
        case .runnerUp: "next"
        case .possible: "possible"
        case .refused: "no"
        }
    }

    var json: JSON {
        func name(_ node: String?) -> JSON { node.map { .string(PlacementText.cluster($0)) } ?? .null }
        return [
            "cluster": name(explanation.node), "runnerUp": name(explanation.runnerUp),
            "failure": .string(explanation.failure), "limitedBy": JSON(limitedBy),
            "reasons": .array(
                explanation.reasons.map { reason in
                    [
                        "cluster": .string(PlacementText.cluster(reason.node)),
                        "verdict": .string(reason.verdict.rawValue),
                        "score": reason.score.map { JSON($0) } ?? .null, "reason": .string(reason.text),
                    ]
                }),
        ]
    }
}
