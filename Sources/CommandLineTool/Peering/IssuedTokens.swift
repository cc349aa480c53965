import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Sessions
import Wire

/// `tokens list` and `tokens delete`: what a cluster keeps of the tokens that it has given out. Never their secrets.
struct IssuedTokens: Sendable {
    let tool: Tool

    /// One of them.
    struct Token: Sendable {
        let record: TokenRecord
        /// When it was made, in seconds since 1970; `nil` where its Secret does not say.
        let made: Int?

        /// Who may use it; how many clusters may not, as they were shut out since, where there are such.
        var user: String {
            let name = record.boundName ?? "<any>"
            return record.excluded.isEmpty ? name : "\(name) but \(record.excluded.count) shut out"
        }

        func state(now: Int) -> String {
            if record.use != nil { return "Used" }
            return now > record.expiry ? "Expired" : "Unused"
        }
    }

    /// The tokens, oldest first. A Secret that holds none is left out, and said.
    private func tokens() async throws -> [Token] {
        let list = try await tool.cluster.list(
            .secrets, namespace: Names.systemNamespace, ListOptions(labelSelector: Names.tokenLabel))
        var tokens: [Token] = []
        for object in list.items {
            do {
                let made = object.json["metadata"]?["creationTimestamp"]?.string.flatMap(Timestamp.seconds)
                tokens.append(Token(record: try TokenRecord(secretData: object.json["data"]), made: made))
            } catch {
                tool.printer.warning("The Secret \"\(object.name)\" holds no token: \(error)")
            }
        }
        return tokens.sorted { ($0.made ?? 0, $0.record.id) < ($1.made ?? 0, $1.record.id) }
    }

    func list(_ format: StatusFormat) async throws {
        let (tokens, now) = (try await tokens(), tool.host.now())
        switch format {
        case .json:
            let json = JSON.array(tokens.map { Self.json($0, now: now) })
            tool.host.output.write(json.text(.pretty) + "\n")
        case .text:
            guard !tokens.isEmpty else {
                tool.host.errors.write("No tokens found.\n")
                return
            }
            var rows = [["ID", "FOR", "STATE", "EXPIRES", "AGE"]]
            for token in tokens {
                let left = token.record.expiry - now
                rows.append([
                    token.record.id, token.user, token.state(now: now),
                    left >= 0 ? "in \(TimeSpan.text(.seconds(left)))" : "\(TimeSpan.text(.seconds(-left))) ago",
                    token.made.map { TimeSpan.text(.seconds(max(0, now - $0))) } ?? "<unknown>",
                ])
            }
            tool.host.output.write(TextTable.text(rows))
        }
    }

    private static func json(_ token: Token, now: Int) -> JSON {
        var json: JSON = [
            "id": .string(token.record.id), "state": .string(token.state(now: now)),
            "expires": .string(Timestamp.text(token.record.expiry)),
        ]
        json["issuer"] = token.record.issuer.map { .string($0.rawValue) }
        json["for"] = token.record.boundName.map(JSON.string)
        if !token.record.excluded.isEmpty { json["notFor"] = .array(token.record.excluded.sorted().map(JSON.string)) }
        json["created"] = token.made.map { .string(Timestamp.text($0)) }
        json["used"] = token.record.use.map { .string(Timestamp.text($0.time)) }
        return json
    }

    /// - Parameter ids: of those to delete; `nil` for all.
    /// - Throws: `ToolError` for each that is not there, when the others are deleted.
    func delete(_ ids: [String]?) async throws {
        var missing: [String] = []
        for id in try await allIfNil(ids) {
            guard PeerToken.isID(id) else {
                // Whatever it is, it may be a whole token: not repeated.
                missing.append("a token's id is 16 hexadecimal digits, as '\(Invocation.name) tokens list' shows it")
                continue
            }
            guard
                try await tool.cluster.find(.secrets, namespace: Names.systemNamespace, name: Names.tokenRecord(id))?
                    .label(Names.tokenLabel) != nil
            else {
                missing.append("there is no token \(id) in cluster \(tool.target)")
                continue
            }
            try await tool.cluster.deleteIfPresent(
                .secrets, namespace: Names.systemNamespace, name: Names.tokenRecord(id))
            tool.printer.success("Token \(id) deleted")
        }
        guard missing.isEmpty else { throw ToolError(missing) }
    }

    private func allIfNil(_ ids: [String]?) async throws -> [String] {
        if let ids { return ids }
        return try await tokens().map(\.record.id)
    }
}
