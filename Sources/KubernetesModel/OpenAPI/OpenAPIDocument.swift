public import JSONTree

/// OpenAPI v3 documents, one a group and version, made of the same schemas that objects are decoded by.
///
/// `kubectl explain` reads types from them, and `kubectl apply` which parameters and patch types a kind's paths take.
/// They hold no prose. Building one takes milliseconds: the caller keeps it, and its hash, until the resources change.
public enum OpenAPIDocument {
    /// The document of one group and version.
    ///
    /// - Parameters:
    ///   - resources: what is served there.
    ///   - serverVersion: such as `v1.36.2`.
    public static func document(_ resources: [OpenAPIResource], serverVersion: String) -> JSON {
        var paths = JSONObject()
        var schemas = OpenAPIComponents()
        for resource in resources {
            for (path, item) in OpenAPIPaths.items(of: resource) { paths[path] = item }
            schemas.add(resource)
        }
        paths.sortKeys()
        return document(paths: paths, schemas, serverVersion)
    }

    /// The one document of OpenAPI v2, for clients before Kubernetes 1.27.
    ///
    /// - Parameter resources: everything that is served.
    public static func version2(_ resources: [OpenAPIResource], serverVersion: String) -> JSON {
        OpenAPIVersion2(custom: Set(resources.filter(\.isCustom).map(\.definition)))
            .document(document(resources, serverVersion: serverVersion))
    }

    /// The document of a group that serves nothing but has kinds which subresources of others speak, such as
    /// `autoscaling/v1`, whose `Scale` they are: `nil` for groups without any.
    public static func document(
        ofSubresourceKindsIn group: String, version: String, serverVersion: String
    ) -> JSON? {
        guard group == "autoscaling", version == "v1", let scale = OpenAPIPaths.definition(ofSubresource: "scale")
        else {
            return nil
        }
        var schemas = OpenAPIComponents()
        schemas.add(definition: scale)
        return document(paths: JSONObject(), schemas, serverVersion)
    }

    private static func document(paths: JSONObject, _ schemas: OpenAPIComponents, _ serverVersion: String) -> JSON {
        [
            "openapi": "3.0.0",
            "info": ["title": "Kubernetes", "version": .string(serverVersion)],
            "paths": .object(paths),
            "components": ["schemas": schemas.json],
        ]
    }

    /// The answer to `GET /openapi/v3`: where each document is.
    ///
    /// - Parameter documents: paths such as `api/v1` and `apis/apps/v1`, each with a hash of its document in capitals of
    ///   hexadecimal, by which clients cache it.
    public static func index(_ documents: [(path: String, hash: String)]) -> JSON {
        var paths = JSONObject()
        for document in documents.sorted(by: { $0.path < $1.path }) {
            paths[document.path] = [
                "serverRelativeURL": .string("/openapi/v3/\(document.path)?hash=\(document.hash)")
            ]
        }
        return ["paths": .object(paths)]
    }
}
