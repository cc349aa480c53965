import JSONTree
import KubernetesModel
import OffloadingModel

/// A cluster that is not peered and whose virtual node is imagined: `NAME=CPU,MEMORY[,LABEL=VALUE…]`.
struct HypotheticalEdge: Sendable, Hashable {
    let name: String
    let cpu: String
    let memory: String
    let labels: [String: String]

    /// - Throws: `ToolError` that says what is expected.
    init(_ text: String) throws {
        func wrong(_ what: String) -> ToolError {
            ToolError("--with \(text): \(what); write NAME=CPU,MEMORY and labels, such as paris=4,8Gi,zone=west")
        }
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard sides.count == 2, let name = sides.first, !name.isEmpty else { throw wrong("a name is missing") }
        let parts = (sides.last ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2 else { throw wrong("CPU and memory are missing") }
        for amount in parts.prefix(2) where (try? Quantity(amount)) == nil {
            throw wrong("\"\(amount)\" is no quantity")
        }
        var labels: [String: String] = [:]
        for part in parts.dropFirst(2) {
            let label = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard label.count == 2, let key = label.first, let value = label.last,
                LabelSyntax.problem(key: key) == nil, LabelSyntax.problem(value: value) == nil
            else { throw wrong("\"\(part)\" is no label") }
            labels[key] = value
        }
        (self.name, cpu, memory, self.labels) = (name, parts[0], parts[1], labels)
    }

    /// As the hub would make it for such an edge.
    var node: KubernetesObject {
        let node = Names.virtualNode(name)
        let fixed = [
            Names.typeLabel: Names.virtualNodeType, Names.roleLabel: "agent", "kubernetes.io/hostname": node,
            "kubernetes.io/os": "linux",
        ]
        return KubernetesObject(
            .nodes, name: node,
            [
                "metadata": ["labels": JSON(labels.merging(fixed) { $1 })],
                "spec": ["taints": [["key": .string(Names.virtualNodeTaint), "value": "true", "effect": "NoExecute"]]],
                "status": ["allocatable": ["cpu": .string(cpu), "memory": .string(memory), "pods": "110"]],
            ])
    }
}
