import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1

/// An answer that is not a success, read as the API's error.
struct APIRefusal {
    let error: APIError
    /// How long the server wants the client to wait before it asks again; nil if it does not say so.
    let retryAfter: Duration?

    init(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ body: ByteBuffer, _ request: APIRequest) {
        let code = Int(status.code)
        var error: APIError
        if let json = try? JSON(parsing: body.readableBytesView), json["kind"]?.string == "Status" {
            error = APIError(status: json, code: code, fallback: "\(request): \(code) \(status.reasonPhrase)")
        } else {
            let text = String(buffer: body).prefix(200).split(whereSeparator: \.isNewline).joined(separator: " ")
            // What an API server says of a path that it knows nothing of.
            let isUnknown = code == 404 && text == "404 page not found" && request.path.hasPrefix("/apis/")
            let said =
                isUnknown
                ? ": it has no such resource; was its CustomResourceDefinition deleted? 'causewayctl install' applies Causeway's"
                : text.isEmpty ? "" : ": \(text)"
            error = APIError(
                code: code, reason: Self.reason(code),
                message: "the server answered \(request) with \(code) \(status.reasonPhrase)\(said)")
        }
        let seconds = headers.first(name: "retry-after").flatMap { Int($0) }
        if error.retryAfterSeconds == nil { error.retryAfterSeconds = seconds }
        self.error = error
        // As Kubernetes' own client: only overload and failures are repeated, and only on the header's word.
        let mayRepeat = code == 429 || (500..<600).contains(code)
        retryAfter = mayRepeat ? seconds.map { .seconds(max(0, $0)) } : nil
    }

    /// The reason word of a refusal that is not a Status object, from a proxy for example.
    private static func reason(_ code: Int) -> APIError.Reason {
        switch code {
        case 400: .badRequest
        case 401: .unauthorized
        case 403: .forbidden
        case 404: .notFound
        case 405: .methodNotAllowed
        case 406: .notAcceptable
        case 409: .conflict
        case 410: .gone
        case 413: .requestEntityTooLarge
        case 415: .unsupportedMediaType
        case 422: .invalid
        case 429: .tooManyRequests
        case 503: .serviceUnavailable
        case 504: .timeout
        default: .internalError
        }
    }
}
