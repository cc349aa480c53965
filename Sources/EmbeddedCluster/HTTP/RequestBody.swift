import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1

/// Reads the bodies of requests.
enum RequestBody {
    private static let jsonType = "application/json"

    private static func contentType(_ request: HTTPRequest) -> String {
        let header = request.headers.first(name: "Content-Type") ?? jsonType
        return (header.split(separator: ";").first.map(String.init) ?? jsonType).lowercased()
            .replacing(" ", with: "")
    }

    private static func unsupported(_ accepted: [String]) -> APIError {
        APIError(
            code: 415, reason: .unsupportedMediaType,
            message: "the body of the request was in an unknown format - accepted media types include: "
                + accepted.joined(separator: ", "))
    }

    /// The object of a create or update.
    static func object(_ request: HTTPRequest, _ definition: ResourceDefinition) throws(APIError) -> JSON {
        guard contentType(request) == jsonType else { throw unsupported([jsonType]) }
        do throws(JSONError) {
            return try JSON(parsing: request.body.readableBytesView)
        } catch {
            let type = definition.type
            throw APIError.badRequest(
                "\(type.kind) in version \"\(type.version)\" cannot be handled as a \(type.kind): "
                    + words(error, request))
        }
    }

    /// The options of a deletion; `nil` without a body.
    static func deletion(_ request: HTTPRequest) throws(APIError) -> JSON? {
        guard request.body.readableBytes > 0 else { return nil }
        guard contentType(request) == jsonType else { throw unsupported([jsonType]) }
        do throws(JSONError) {
            return try JSON(parsing: request.body.readableBytesView)
        } catch {
            throw APIError.badRequest("couldn't get version/kind; json parse error: \(words(error, request))")
        }
    }

    static func patch(_ request: HTTPRequest) throws(APIError) -> Patch {
        guard let form = Patch.Form(rawValue: contentType(request)) else {
            throw unsupported([
                Patch.Form.json.rawValue, Patch.Form.merge.rawValue, Patch.Form.strategic.rawValue,
                Patch.Form.apply.rawValue,
            ])
        }
        do throws(JSONError) {
            return Patch(form, try JSON(parsing: request.body.readableBytesView))
        } catch {
            throw APIError.badRequest("error decoding patch: \(words(error, request))")
        }
    }

    /// What is wrong with a text, in Go's words where it has some.
    private static func words(_ error: JSONError, _ request: HTTPRequest) -> String {
        if error.code == .syntax, let offset = error.offset, offset >= request.body.readableBytes {
            return "unexpected end of JSON input"
        }
        return error.description
    }
}
