import HTTPTransport
import KubernetesModel
import NIOHTTP1

/// The probes, which answer everybody: they say nothing but that the server answers.
enum Health {
    static func answer(_ path: RequestPath) -> HTTPResponse? {
        guard case .other(let segments) = path, let first = segments.first,
            ["healthz", "livez", "readyz"].contains(first)
        else { return nil }
        return .text(.ok, "ok")
    }
}
