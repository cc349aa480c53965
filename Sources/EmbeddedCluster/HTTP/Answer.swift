import Digests
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1

/// Makes the answers of the API server.
enum Answer {
    /// Most bytes of warnings in one answer, as in Kubernetes: clients do not take headers of any length.
    private static let warningBytes = 4 * 1024

    static func json(
        _ bytes: [UInt8], status: HTTPResponseStatus = .ok, warnings: [String] = [],
        contentType: String = "application/json"
    ) -> HTTPResponse {
        json(.bytes(ByteBuffer(bytes: bytes)), status: status, warnings: warnings, contentType: contentType)
    }

    /// An answer whose body is JSON text.
    static func json(
        _ body: HTTPResponse.Body, status: HTTPResponseStatus = .ok, warnings: [String] = [],
        contentType: String = "application/json"
    ) -> HTTPResponse {
        var headers: HTTPHeaders = ["Content-Type": contentType, "Cache-Control": "no-cache, private"]
        var room = warningBytes
        for warning in warnings {
            room -= warning.utf8.count
            guard room >= 0 else { break }
            add(warning, to: &headers)
        }
        return HTTPResponse(status: status, headers: headers, body: body)
    }

    /// Says something to the client's user.
    static func add(_ warning: String, to headers: inout HTTPHeaders) {
        headers.add(name: "Warning", value: "299 - \"\(quoted(warning))\"")
    }

    static func json(
        _ json: JSON, status: HTTPResponseStatus = .ok, warnings: [String] = [],
        contentType: String = "application/json"
    ) -> HTTPResponse {
        self.json(json.encoded(), status: status, warnings: warnings, contentType: contentType)
    }

    /// A document with its hash, so that clients ask for it only when it has changed.
    static func tagged(
        _ bytes: [UInt8], _ request: HTTPRequest, contentType: String = "application/json"
    ) -> HTTPResponse {
        let tag = "\"\(Hex.encode(SHA256.hash(bytes)).uppercased())\""
        var response = json(bytes, contentType: contentType)
        if request.headers["If-None-Match"].contains(tag) {
            response = HTTPResponse(status: .notModified)
        }
        response.headers.replaceOrAdd(name: "ETag", value: tag)
        response.headers.replaceOrAdd(name: "Cache-Control", value: "public")
        response.headers.replaceOrAdd(name: "Vary", value: "Accept")
        return response
    }

    static func error(_ error: APIError) -> HTTPResponse {
        var response = json(error.status, status: HTTPResponseStatus(statusCode: error.code))
        if let seconds = error.retryAfterSeconds {
            response.headers.replaceOrAdd(name: "Retry-After", value: String(seconds))
        }
        if error.code == 401 {
            response.headers.replaceOrAdd(name: "WWW-Authenticate", value: "Bearer")
            // Nothing that a client sends later on this connection makes it known; others need its place.
            response.headers.replaceOrAdd(name: "Connection", value: "close")
        }
        return response
    }

    /// What is answered for an error of any type: those that are not ours to word become an internal error.
    static func any(_ error: any Error) -> HTTPResponse {
        if let error = error as? APIError { return self.error(error) }
        return self.error(.internalError("\(error)"))
    }

    /// A text as a quoted string of RFC 9110; control characters, which no header may hold, become spaces.
    private static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
