import Digests
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1

/// What the server serves, in its own words: groups, versions, resources, the version of Kubernetes it follows, OpenAPI.
struct Discovery: Sendable {
    let pipeline: ResourcePipeline
    private let openAPI = OpenAPICache()

    init(pipeline: ResourcePipeline) { self.pipeline = pipeline }

    static let gitVersion = "v1.36.2+causeway"

    /// The version of Kubernetes whose behaviour is followed.
    static let version: JSON = [
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35", "gitVersion": .string(gitVersion), "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z", "goVersion": "none", "compiler": "swift", "platform": "linux/amd64",
    ]

    func answer(_ path: RequestPath, _ request: HTTPRequest) throws(APIError) -> HTTPResponse {
        let registry = pipeline.registry
        let accept = request.headers[canonicalForm: "accept"].joined(separator: ",")
        let isAggregated = AcceptedForm(accept) == .aggregatedDiscovery
        switch path {
        case .coreVersions:
            if isAggregated { return aggregated(registry, isCore: true, request) }
            return tagged(["kind": "APIVersions", "versions": ["v1"]], request)
        case .groups:
            if isAggregated { return aggregated(registry, isCore: false, request) }
            let groups = DiscoveryDocuments.groups(registry)
            return tagged(
                ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups)], request)
        case .group(let name):
            guard let group = DiscoveryDocuments.groups(registry).first(where: { $0["name"]?.string == name }) else {
                throw ResourcePipeline.notServed
            }
            var document: JSON = ["kind": "APIGroup", "apiVersion": "v1"]
            for (key, value) in group.object ?? JSONObject() { document[key] = value }
            return tagged(document, request)
        case .groupVersion(let group, let version):
            guard let document = DiscoveryDocuments.resources(registry, group: group, version: version) else {
                throw ResourcePipeline.notServed
            }
            return tagged(document, request)
        case .other(let segments) where segments.starts(with: ["openapi", "v3"]):
            return try openAPI.answer(Array(segments.dropFirst(2)), registry)
        case .other([]): return Answer.json(["paths": JSON(DiscoveryDocuments.paths(registry))])
        case .other(["openapi", "v2"]): return try openAPI.version2(request, registry)
        case .resource, .other: throw ResourcePipeline.notServed
        }
    }

    private func aggregated(_ registry: ResourceRegistry, isCore: Bool, _ request: HTTPRequest) -> HTTPResponse {
        tagged(
            DiscoveryDocuments.aggregated(registry, isCore: isCore), request,
            contentType: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
    }

    private func tagged(
        _ document: JSON, _ request: HTTPRequest, contentType: String = "application/json"
    ) -> HTTPResponse {
        Answer.tagged(document.encoded(), request, contentType: contentType)
    }
}
