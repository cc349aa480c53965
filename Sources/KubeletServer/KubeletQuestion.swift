import ClusterAPI
import HTTPTransport
import KubernetesModel
import NIOHTTP1

/// What an API server asks of a kubelet about one pod, read from a request's path.
struct KubeletQuestion: Hashable {
    enum Subject: Hashable {
        case log(container: String)
        case exec(container: String)
        case attach(container: String)
        case portForward
    }

    let subject: Subject
    let namespace: String
    let pod: String

    /// - Returns: `nil` for paths that are not served.
    init?(_ request: HTTPRequest) {
        let path = request.pathSegments
        guard path.count >= 3, path.allSatisfy({ !$0.isEmpty }) else { return nil }
        namespace = path[1]
        pod = path[2]
        switch (path[0], path.count) {
        case ("containerLogs", 4) where request.method == .GET: subject = .log(container: path[3])
        // Clients of WebSockets come with GET, those of SPDY with POST.
        case ("exec", 4) where request.method == .GET || request.method == .POST: subject = .exec(container: path[3])
        case ("attach", 4) where request.method == .GET || request.method == .POST:
            subject = .attach(container: path[3])
        case ("portForward", 3) where request.method == .GET || request.method == .POST: subject = .portForward
        default: return nil
        }
    }

    /// What whoever asks must be allowed to do with `nodes/proxy`. Who may only read gets into no pod, whatever the method of
    /// the request: that of a WebSocket's is always GET.
    var verb: String {
        switch subject {
        case .log: "get"
        case .exec, .attach, .portForward: "create"
        }
    }

    /// The streams that a request for exec or attach wants.
    static func streams(_ query: HTTPQuery, container: String) -> ContainerRequest {
        func flag(_ name: String) -> Bool { query[name] == "1" || query[name] == "true" }
        return ContainerRequest(
            container: container, command: query.all("command"), standardInput: flag("input"),
            standardOutput: flag("output"), standardError: flag("error"), terminal: flag("tty"))
    }

    /// The part of a log that a request wants.
    static func logOptions(_ query: HTTPQuery, container: String) throws(APIError) -> LogOptions {
        func number(_ name: String) throws(APIError) -> Int? {
            guard let text = query[name] else { return nil }
            guard let value = Int(text), value >= 0 else {
                throw APIError.badRequest("\(name): \"\(text)\" is not a whole number")
            }
            return value
        }
        var options = LogOptions(
            container: container, follow: query["follow"] == "true", previous: query["previous"] == "true",
            timestamps: query["timestamps"] == "true", sinceTime: query["sinceTime"])
        options.tailLines = try number("tailLines")
        options.sinceSeconds = try number("sinceSeconds")
        options.limitBytes = try number("limitBytes")
        return options
    }
}
