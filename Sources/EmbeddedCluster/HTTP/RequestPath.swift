/// Where a request goes, read from its path.
package enum RequestPath: Sendable, Equatable {
    /// `/api/v1/…` and `/apis/GROUP/VERSION/…`.
    package struct Resource: Sendable, Equatable {
        var group: String
        var version: String
        var plural: String
        /// `nil` for cluster-scoped resources, and for a collection across namespaces.
        var namespace: String?
        var name: String?
        var subresource: String?
    }

    case resource(Resource)
    /// What a group and version serve: `/api/v1`, `/apis/apps/v1`.
    case groupVersion(group: String, version: String)
    /// `/apis/apps`.
    case group(String)
    /// `/api`, the versions of the core group.
    case coreVersions
    /// `/apis`, all other groups.
    case groups
    /// Everything else.
    case other([String])

    /// - Parameter segments: the path's decoded segments, without the empty one before the first slash.
    package init(_ segments: [String]) {
        var segments = segments
        if segments.last?.isEmpty == true { segments.removeLast() }
        switch segments.first {
        case "api":
            guard segments.count > 1 else {
                self = .coreVersions
                return
            }
            self = Self.versioned(group: "", version: segments[1], Array(segments.dropFirst(2)))
        case "apis":
            switch segments.count {
            case 1: self = .groups
            case 2: self = .group(segments[1])
            default: self = Self.versioned(group: segments[1], version: segments[2], Array(segments.dropFirst(3)))
            }
        default: self = .other(segments)
        }
    }

    private static func versioned(group: String, version: String, _ rest: [String]) -> RequestPath {
        var path = Resource(group: group, version: version, plural: "")
        var rest = rest[...]
        guard let first = rest.first else { return .groupVersion(group: group, version: version) }
        // `namespaces/N/status` is a namespace's own; `namespaces/N/pods` is what is in it.
        if first == "namespaces", rest.count > 2,
            !(rest.count == 3 && ["status", "finalize"].contains(rest[rest.startIndex + 2]))
        {
            path.namespace = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
        }
        path.plural = rest.popFirst() ?? ""
        path.name = rest.popFirst()
        path.subresource = rest.popFirst()
        // What follows `proxy` is for the one that is asked; else nothing is there.
        guard rest.isEmpty || path.subresource == "proxy" else { return .other([""] + rest) }
        return .resource(path)
    }
}
