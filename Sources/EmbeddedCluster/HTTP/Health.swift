import HTTPTransport
import KubernetesModel
import NIOHTTP1

/// What answers everybody, certificate or not, as Kubernetes' `system:public-info-viewer` does: the probes, which say nothing
/// but that the server answers, and the version.
enum Health {
    static let publicPaths = ["/healthz", "/livez", "/readyz", "/version"]

    static func answer(_ path: RequestPath) -> HTTPResponse? {
        guard case .other(let segments) = path, let first = segments.first else { return nil }
        switch first {
        case "healthz", "livez", "readyz": return .text(.ok, "ok")
        case "version" where segments.count == 1: return Answer.json(Discovery.version)
        default: return nil
        }
    }
}
