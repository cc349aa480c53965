public import ClusterAPI
import HTTPTransport
import JSONTree
public import KubernetesModel
import NIOHTTP1

extension KubernetesClient {
    public func watch(
        _ type: ResourceType, namespace: String?, _ options: WatchOptions
    ) async throws -> AsyncThrowingStream<WatchEvent, any Error> {
        var query = HTTPQuery()
        query.append("watch", "true")
        if !options.resourceVersion.isEmpty { query.append("resourceVersion", options.resourceVersion) }
        if !options.labelSelector.isEmpty { query.append("labelSelector", options.labelSelector) }
        if !options.fieldSelector.isEmpty { query.append("fieldSelector", options.fieldSelector) }
        if options.allowsBookmarks { query.append("allowWatchBookmarks", "true") }
        if let seconds = options.timeoutSeconds { query.append("timeoutSeconds", String(seconds)) }
        let request = try await APIRequest(.GET, served(type), namespace: namespace, query: query)
        let stream = try await stream(request, silenceLimit: configuration.watchSilenceLimit)
        let events = WatchReader(stream.body, source: "\(http.endpoint)\(request.path)")
        // Pulled, so that a reader that is behind leaves the rest with the server.
        return AsyncThrowingStream {
            do {
                return try await events.next()?.named(type)
            } catch {
                throw self.explain(error)
            }
        }
    }
}

extension WatchEvent {
    /// The same event of an object under the name of this version of its resource.
    fileprivate func named(_ type: ResourceType) -> WatchEvent {
        switch self {
        case .added(let object): .added(object.named(type))
        case .modified(let object): .modified(object.named(type))
        case .deleted(let object): .deleted(object.named(type))
        case .bookmark: self
        }
    }
}
