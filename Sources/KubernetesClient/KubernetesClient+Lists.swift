public import ClusterAPI
import HTTPTransport
import JSONTree
public import KubernetesModel
import NIOHTTP1

extension KubernetesClient {
    /// One page if `options` has a limit or a continuation; otherwise everything, in pages that are put together here.
    ///
    /// If the server forgets the collection's version between two pages, everything is listed once more in one piece, so
    /// that the result is always of one version.
    public func list(
        _ type: ResourceType, namespace: String?, _ options: ListOptions
    ) async throws -> ObjectList {
        guard options.limit == 0, options.continuation.isEmpty else { return try await page(type, namespace, options) }
        var options = options
        options.limit = configuration.pageSize
        var list = try await page(type, namespace, options)
        while !list.continuation.isEmpty {
            options.continuation = list.continuation
            let next: ObjectList
            do {
                next = try await page(type, namespace, options)
            } catch let error as APIError where error.isExpired {
                options.limit = 0
                options.continuation = ""
                return try await page(type, namespace, options)
            }
            list.items += next.items
            list.resourceVersion = next.resourceVersion
            list.continuation = next.continuation
        }
        return list
    }

    private func page(
        _ type: ResourceType, _ namespace: String?, _ options: ListOptions
    ) async throws -> ObjectList {
        var query = HTTPQuery()
        if !options.labelSelector.isEmpty { query.append("labelSelector", options.labelSelector) }
        if !options.fieldSelector.isEmpty { query.append("fieldSelector", options.fieldSelector) }
        if options.limit > 0 { query.append("limit", String(options.limit)) }
        if !options.continuation.isEmpty { query.append("continue", options.continuation) }
        let request = try await APIRequest(.GET, served(type), namespace: namespace, query: query)
        let json = try await json(request)
        guard case .object(let members) = json, members.contains("kind"), members.contains("metadata") else {
            throw ClusterUnreachable("\(http.endpoint) answered \(request) with something that is no list.")
        }
        let metadata = json["metadata"]
        return ObjectList(
            items: (json["items"]?.array ?? []).map { Self.item($0, type) },
            resourceVersion: metadata?["resourceVersion"]?.string ?? "",
            continuation: metadata?["continue"]?.string ?? "")
    }

    /// The items of a list come without what all of them share.
    private static func item(_ json: JSON, _ type: ResourceType) -> KubernetesObject {
        guard case .object(let members) = json, !members.contains("kind") || !members.contains("apiVersion") else {
            return KubernetesObject(json)
        }
        var whole: JSON = ["apiVersion": .string(type.apiVersion), "kind": .string(type.kind)]
        for (key, value) in members { whole[key] = value }
        return KubernetesObject(whole)
    }
}
