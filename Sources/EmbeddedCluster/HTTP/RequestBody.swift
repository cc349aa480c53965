import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1

/// Reads the bodies of requests.
enum RequestBody {
    private static let jsonType = "application/json"
    private static let yamlType = "application/yaml"
    private static let protobufType = "application/vnd.kubernetes.protobuf"

    private static func contentType(_ request: HTTPRequest) -> String {
        let header = request.headers.first(name: "Content-Type") ?? jsonType
        if header == jsonType { return header }
        return (header.split(separator: ";").first.map(String.init) ?? jsonType).lowercased()
            .replacing(" ", with: "")
    }

    /// Bodies are read as they are, as Kubernetes does.
    private static func checkEncoding(_ request: HTTPRequest) throws(APIError) {
        guard let coding = request.headers.first(name: "Content-Encoding"), coding.lowercased() != "identity" else {
            return
        }
        throw APIError(
            code: 415, reason: .unsupportedMediaType,
            message: "the body of the request is encoded (\(coding.prefix(32))): send it as it is")
    }

    private static func unsupported(_ accepted: [String]) -> APIError {
        APIError(
            code: 415, reason: .unsupportedMediaType,
            message: "the body of the request was in an unknown format - accepted media types include: "
                + accepted.joined(separator: ", "))
    }

    /// The object of a create or update, and the paths of keys that came twice.
    static func object(
        _ request: HTTPRequest, _ type: ResourceType
    ) throws(APIError) -> (object: JSON, duplicates: [String]) {
        func unreadable(_ why: String) -> APIError {
            .badRequest("\(type.kind) in version \"\(type.version)\" cannot be handled as a \(type.kind): \(why)")
        }
        try checkEncoding(request)
        switch contentType(request) {
        case jsonType:
            do throws(JSONError) {
                var duplicates: [String] = []
                let object = try JSON(parsing: request.body.readableBytesView, duplicates: &duplicates)
                return (object, duplicates)
            } catch {
                throw unreadable(words(error, request))
            }
        case yamlType:
            do throws(APIError) {
                let (object, duplicates) = try YAMLBody.parse(request.body.readableBytesView)
                return (object, duplicates)
            } catch {
                throw unreadable(error.message)
            }
        case protobufType:
            do throws(ProtobufError) {
                return (try ProtobufDecoder.decode(Array(request.body.readableBytesView)), [])
            } catch {
                throw unreadable(error.message)
            }
        default: throw unsupported([jsonType, yamlType, protobufType])
        }
    }

    /// The options of a deletion; `nil` without a body.
    static func deletion(_ request: HTTPRequest) throws(APIError) -> JSON? {
        guard request.body.readableBytes > 0 else { return nil }
        let type = ResourceType(
            group: "", version: "v1", plural: "", kind: "DeleteOptions", isNamespaced: false)
        return try object(request, type).object
    }

    /// The patch, and the paths of keys that came twice in it.
    static func patch(_ request: HTTPRequest) throws(APIError) -> (patch: Patch, duplicates: [String]) {
        try checkEncoding(request)
        guard let form = Patch.Form(rawValue: contentType(request)) else {
            throw unsupported([
                Patch.Form.json.rawValue, Patch.Form.merge.rawValue, Patch.Form.strategic.rawValue,
                Patch.Form.apply.rawValue,
            ])
        }
        if form == .apply { return try applied(request) }
        do throws(JSONError) {
            var duplicates: [String] = []
            let body = try JSON(parsing: request.body.readableBytesView, duplicates: &duplicates)
            return (Patch(form, body), duplicates)
        } catch {
            throw APIError.badRequest("error decoding patch: \(words(error, request))")
        }
    }

    /// A configuration in YAML or, as kubectl sends it, in JSON.
    private static func applied(_ request: HTTPRequest) throws(APIError) -> (patch: Patch, duplicates: [String]) {
        let bytes = request.body.readableBytesView
        do throws(JSONError) {
            var duplicates: [String] = []
            let body = try JSON(parsing: bytes, duplicates: &duplicates)
            return (Patch(.apply, body), duplicates)
        } catch {
            // What starts as JSON and is none may still be YAML, but not when it is too large or too deep.
            guard error.code == .syntax else {
                throw APIError.badRequest("error decoding YAML: \(words(error, request))")
            }
            let (body, duplicates) = try YAMLBody.parse(bytes)
            return (Patch(.apply, body), duplicates)
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
