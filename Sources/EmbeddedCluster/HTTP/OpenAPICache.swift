import Digests
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1
import Synchronization

/// The OpenAPI v3 documents, one a group and version, and the one of v2, kept until what they describe changes.
///
/// kubectl reads from them which parameters an operation takes, before it sends `fieldValidation`, and all that
/// `kubectl explain` says.
final class OpenAPICache: Sendable {
    private struct Document {
        let bytes: [UInt8]
        let hash: String
        /// Of the registry it was made from; documents of built-in kinds alone stay true.
        let generation: Int?
    }

    private let documents = Mutex<[String: Document]>([:])
    /// The forms of the v2 document that were asked for.
    private let version2 = Mutex<[OpenAPIForm: Document]>([:])
    /// The group and version whose kinds are spoken by subresources alone.
    private static let kindsOfSubresources = (group: "autoscaling", version: "v1")

    /// - Parameter rest: the path's segments after `/openapi/v3`.
    func answer(_ rest: [String], _ registry: ResourceRegistry) throws(APIError) -> HTTPResponse {
        guard !rest.isEmpty else { return Answer.json(index(registry)) }
        let parts = Array(rest.dropFirst())
        let place: (group: String, version: String)? =
            switch (rest.first, parts.count) {
            case ("api", 1): ("", parts[0])
            case ("apis", 2): (parts[0], parts[1])
            default: nil
            }
        guard let place, let document = document(registry, group: place.group, version: place.version) else {
            throw ResourcePipeline.notServed
        }
        var response = Answer.json(document.bytes)
        // The index names each document by its hash: it never changes under its address.
        response.headers.replaceOrAdd(name: "Cache-Control", value: "public, immutable")
        return response
    }

    /// The document of OpenAPI v2, in the form that the client asks for.
    func version2(_ request: HTTPRequest, _ registry: ResourceRegistry) throws(APIError) -> HTTPResponse {
        let accept = request.headers[canonicalForm: "accept"].joined(separator: ",")
        guard let form = OpenAPIForm.accepted(accept) else {
            throw APIError(
                code: 406, reason: .notAcceptable,
                message: "only the following media types are accepted: "
                    + OpenAPIForm.allCases.flatMap(\.mediaTypes).joined(separator: ", "))
        }
        if let known = version2.withLock({ $0[form] }), known.generation == registry.generation {
            return Answer.tagged(known.bytes, request, contentType: form.contentType)
        }
        let resources = DiscoveryDocuments.allGroups(registry).flatMap { group in
            group.versions.flatMap { Self.resources(registry, group: group.name, version: $0) }
        }
        let document = OpenAPIDocument.version2(resources, serverVersion: Self.serverVersion)
        let bytes = form == .json ? document.encoded() : OpenAPIProtobuf.encode(document)
        let fresh = Document(bytes: bytes, hash: "", generation: registry.generation)
        version2.withLock { $0[form] = fresh }
        return Answer.tagged(bytes, request, contentType: form.contentType)
    }

    private static var serverVersion: String { Discovery.version["gitVersion"]?.string ?? "" }

    private func index(_ registry: ResourceRegistry) -> JSON {
        var entries: [(path: String, hash: String)] = []
        for group in DiscoveryDocuments.allGroups(registry) {
            for version in group.versions {
                guard let document = document(registry, group: group.name, version: version) else { continue }
                entries.append((Self.path(group.name, version), document.hash))
            }
        }
        let other = Self.kindsOfSubresources
        if let document = document(registry, group: other.group, version: other.version) {
            entries.append((Self.path(other.group, other.version), document.hash))
        }
        return OpenAPIDocument.index(entries)
    }

    private static func path(_ group: String, _ version: String) -> String {
        group.isEmpty ? "api/\(version)" : "apis/\(group)/\(version)"
    }

    private func document(_ registry: ResourceRegistry, group: String, version: String) -> Document? {
        let path = Self.path(group, version)
        let definitions = registry.definitions(group: group, version: version)
        let isFixed = definitions.allSatisfy { $0.custom == nil }
        if let known = documents.withLock({ $0[path] }),
            known.generation == (isFixed ? nil : registry.generation)
        {
            return known
        }
        let resources = Self.resources(registry, group: group, version: version)
        let json =
            resources.isEmpty
            ? OpenAPIDocument.document(
                ofSubresourceKindsIn: group, version: version, serverVersion: Self.serverVersion)
            : OpenAPIDocument.document(resources, serverVersion: Self.serverVersion)
        guard let bytes = json?.encoded() else { return nil }
        let document = Document(
            bytes: bytes, hash: Hex.encode(SHA256.hash(bytes)).uppercased(),
            generation: isFixed ? nil : registry.generation)
        documents.withLock { $0[path] = document }
        return document
    }

    /// What is served of a group and version, reviews included.
    private static func resources(
        _ registry: ResourceRegistry, group: String, version: String
    ) -> [OpenAPIResource] {
        var resources = registry.definitions(group: group, version: version).map { definition in
            OpenAPIResource(
                definition.type,
                subresources: definition.subresources.map(\.rawValue).filter { ["status", "scale"].contains($0) },
                openAPIV3Schema: definition.custom?.openAPIV3Schema)
        }
        for review in Reviews.resources where review.group == group && version == "v1" {
            let type = ResourceType(
                group: group, version: version, plural: review.plural, kind: review.kind, isNamespaced: false)
            resources.append(OpenAPIResource(type, isOnlyCreated: true))
        }
        return resources
    }
}
