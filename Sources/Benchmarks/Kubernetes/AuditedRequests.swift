import JSONTree

/// What was asked of an API server, by whom, as its audit log says.
struct AuditedRequests {
    /// One kind of request.
    struct Kind: Hashable {
        /// Who asked: `hub`, the name of one of Kubernetes' own controllers, or whatever name the client has proved.
        let client: String
        let verb: String
        /// With the subresource, such as `pods/status`.
        let resource: String

        var isWrite: Bool { ["create", "update", "patch", "delete", "deletecollection"].contains(verb) }
    }

    /// How often each was asked, whatever the answer.
    private(set) var counts: [Kind: Int] = [:]
    /// How many of the hub's writes were refused, most of them as conflicts: those count as writes as well.
    private(set) var refusedWrites = 0

    /// - Parameters:
    ///   - path: of the log, one event a line.
    ///   - skipped: as many lines are of an earlier time.
    init(_ path: String, after skipped: Int) {
        for line in SystemFile.lines(path).dropFirst(skipped) {
            guard let event = try? JSON(parsing: Array(line.utf8)), event["stage"]?.string == "ResponseComplete",
                let verb = event["verb"]?.string, let user = event["user"]?["username"]?.string
            else { continue }
            let object = event["objectRef"]
            var resource = object?["resource"]?.string ?? "other"
            if let part = object?["subresource"]?.string { resource += "/\(part)" }
            let kind = Kind(client: Self.client(user), verb: verb, resource: resource)
            counts[kind, default: 0] += 1
            if kind.isWrite, kind.client == "hub", (event["responseStatus"]?["code"]?.int ?? 0) >= 400 {
                refusedWrites += 1
            }
        }
    }

    private static func client(_ user: String) -> String {
        for (prefix, name) in [
            ("system:serviceaccount:causeway-system:causeway-", ""), ("system:serviceaccount:kube-system:", ""),
        ] where user.hasPrefix(prefix) { return name + user.dropFirst(prefix.count) }
        return user
    }

    /// How many there were of the kinds that `isMeant`.
    func count(_ isMeant: (Kind) -> Bool) -> Int { counts.reduce(0) { isMeant($1.key) ? $0 + $1.value : $0 } }

    /// The most frequent of the kinds that `isMeant`, the most frequent first.
    func most(_ limit: Int, _ isMeant: (Kind) -> Bool) -> [(kind: Kind, count: Int)] {
        counts.filter { isMeant($0.key) }.map { (kind: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.kind.resource, $0.kind.client) < ($0.count, $1.kind.resource, $1.kind.client) }
            .prefix(limit).map { $0 }
    }
}
