import ArgumentParser
import JSONTree
import OffloadingModel

/// `status`: gathers, prints, and fails where something is wrong.
struct StatusReport: Sendable {
    /// What is looked at.
    enum View: Sendable, Hashable {
        case overview
        /// Peers in detail: those of these names, or all where there are none.
        case peers([String])
    }

    let tool: Tool
    let format: StatusFormat
    let view: View

    func run() async throws {
        var status = try await ClusterStatus.gather(tool)
        let missing = narrow(&status)
        let problems = status.problems + missing
        switch format {
        case .json:
            tool.host.output.write(status.json(problems: problems).text(.pretty) + "\n")
        case .text:
            let boxes = (boxes(status)).map { $0.text(isColoured: tool.host.output.isTerminal) }
            tool.host.output.write(boxes.joined(separator: "\n"))
        }
        guard problems.isEmpty else { throw ToolError(problems.map(\.text) + ["some checks failed"]) }
    }

    /// Leaves only the peers that were asked for.
    ///
    /// - Returns: a problem for each that is not there.
    private func narrow(_ status: inout ClusterStatus) -> [StatusProblem] {
        guard case .peers(let names) = view, !names.isEmpty, status.unreachable == nil, status.info != nil else {
            return []
        }
        let known = status.peers
        status.peers = known.filter { names.contains($0.name) }
        return names.filter { name in !known.contains { $0.name == name } }.map { name in
            StatusProblem(
                subject: name, message: "Peer Not Found",
                remedy: "look at '\(Invocation.name) status' for the peers that there are")
        }
    }

    private func boxes(_ status: ClusterStatus) -> [Box] {
        guard case .peers(let names) = view, let info = status.info, status.unreachable == nil else {
            return status.boxes
        }
        var entries = status.peers.map { $0.entry(local: info.clusterName, isVerbose: tool.isVerbose) }
        entries += names.filter { name in !status.peers.contains { $0.name == name } }.map {
            .line("\($0) - Peer Not Found")
        }
        if entries.isEmpty {
            entries = [.line("Local cluster \"\(info.clusterName)\" is not peered with any remote cluster")]
        }
        return [Box(title: "Peered Cluster Information", entries: entries)]
    }
}
