import HTTPTransport
import JSONTree
import KubernetesModel
import NIOHTTP1

/// One request in the API server's terms.
struct APIRequest: CustomStringConvertible {
    var method: HTTPMethod
    /// Percent-encoded, without a query.
    var path: String
    var query: HTTPQuery
    var body: JSON?
    var contentType = "application/json"
    var accept = "application/json"

    init(_ method: HTTPMethod, _ path: String, query: HTTPQuery = HTTPQuery(), body: JSON? = nil) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }

    /// A request for a collection.
    init(_ method: HTTPMethod, _ type: ResourceType, namespace: String?, query: HTTPQuery = HTTPQuery())
        throws(APIError)
    {
        self.init(method, type.path(namespace: try Self.segment(namespace, "namespace")), query: query)
    }

    /// A request for one object or a subresource of it.
    init(
        _ method: HTTPMethod, _ type: ResourceType, namespace: String?, name: String, subresource: String? = nil,
        body: JSON? = nil
    ) throws(APIError) {
        if type.isNamespaced, namespace == nil {
            throw APIError.badRequest("\(type.groupResource) \"\(name)\": the namespace is missing")
        }
        self.init(
            method,
            type.path(
                namespace: try Self.segment(namespace, "namespace"), name: try Self.segment(name, "name"),
                subresource: subresource),
            body: body)
    }

    var target: String {
        let text = query.encoded
        return text.isEmpty ? path : "\(path)?\(text)"
    }

    var description: String { "\(method) \(path)" }

    /// A name as one segment of a path. An empty one, or one of dots, would ask for something else than was meant.
    private static func segment(_ text: String?, _ what: String) throws(APIError) -> String? {
        guard let text else { return nil }
        guard !text.isEmpty, text != ".", text != ".." else {
            throw APIError.badRequest("the \(what) \"\(text)\" is not the \(what) of an object")
        }
        return PercentEncoding.encode(text)
    }
}
