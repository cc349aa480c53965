import KubernetesModel

extension APIError {
    /// What the HTTP server refuses before there is a request, in Kubernetes' words where it has some.
    static func refused(_ code: Int, _ reason: String) -> APIError {
        switch code {
        case 401: APIError(code: 401, reason: .unauthorized, message: "Unauthorized: \(reason)")
        case 413:
            APIError(code: 413, reason: .requestEntityTooLarge, message: "Request entity too large: \(reason)")
        case 503: APIError.unavailable(reason, retryAfterSeconds: 1)
        default: APIError(code: code, reason: code == 400 ? .badRequest : .init(rawValue: ""), message: reason)
        }
    }
}
