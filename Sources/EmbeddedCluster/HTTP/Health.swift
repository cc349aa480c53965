import HTTPTransport
import KubernetesModel
import NIOHTTP1

/// What answers everybody, certificate or not, as Kubernetes' `system:public-info-viewer` does: the probes, which say nothing
/// but that the server answers and its storage takes requests, and the version.
enum Health {
    static let publicPaths = ["/healthz", "/livez", "/readyz", "/version"]

    /// - Parameter isStoring: whether the storage is open.
    static func answer(_ path: RequestPath, _ request: HTTPRequest, isStoring: Bool) -> HTTPResponse? {
        guard case .other(let segments) = path, let first = segments.first else { return nil }
        switch first {
        case "healthz", "livez", "readyz":
            let checks = [("ping", true), ("storage", isStoring)]
            guard segments.count > 1 else { return answer(first, checks, request.query) }
            let name = segments.dropFirst().joined(separator: "/")
            guard let check = checks.first(where: { $0.0 == name }) else { return nil }
            return check.1 ? .text(.ok, "ok") : .text(.internalServerError, "internal server error: \(name)\n")
        case "version" where segments.count == 1: return Answer.json(Discovery.version)
        default: return nil
        }
    }

    /// All checks of a probe but those that `exclude` names; `verbose` tells of each, and a failure always does.
    private static func answer(_ probe: String, _ checks: [(String, Bool)], _ query: HTTPQuery) -> HTTPResponse {
        var excluded = query.all("exclude")
        var report = ""
        var isHealthy = true
        for (name, passes) in checks {
            if excluded.contains(name) {
                excluded.removeAll { $0 == name }
                report += "[+]\(name) excluded: ok\n"
            } else if passes {
                report += "[+]\(name) ok\n"
            } else {
                report += "[-]\(name) failed: reason withheld\n"
                isHealthy = false
            }
        }
        if !excluded.isEmpty {
            let names = excluded.sorted().map { "\"\($0)\"" }.joined(separator: ",")
            report += "warn: some health checks cannot be excluded: no matches for \(names)\n"
        }
        guard isHealthy else { return .text(.internalServerError, "\(report)\(probe) check failed\n") }
        return .text(.ok, query["verbose"] == nil ? "ok" : "\(report)\(probe) check passed\n")
    }
}
