import ClusterAPI
import Digests
import JSONTree
import KubernetesModel

/// What a list or watch is about.
struct ListQuery: Sendable {
    var labels = LabelSelector.everything
    var fields = FieldSelector.everything
    /// 0 for all.
    var limit = 0
    var continuation = ""
    /// As the request says it; empty for the newest.
    var resourceVersion = ""
    /// `Exact` or `NotOlderThan`; empty for the default.
    var resourceVersionMatch = ""

    init() {}

    /// Reads selectors for a resource.
    init(labels: String, fields: String, for definition: ResourceDefinition) throws(APIError) {
        do throws(JSONError) {
            self.labels = try labels.isEmpty ? .everything : LabelSelector(text: labels)
        } catch {
            throw APIError.badRequest(error.message)
        }
        self.fields = try fields.isEmpty ? .everything : FieldSelector(fields, for: definition)
    }

    func matches(_ object: StoredObject) -> Bool {
        if labels.isEmpty && fields.isEmpty { return true }
        let object = object.object
        return labels.matches(object) && fields.matches(object)
    }
}

/// A page of a list.
struct ListPage: Sendable {
    var items: [StoredObject]
    let revision: Int
    var continuation = ""
    /// How many objects follow this page; `nil` where it is not known.
    var remaining: Int?
}

/// Where the next page of a list starts, as clients carry it around.
struct ContinuationToken: Sendable {
    /// The revision of the first page; 0 starts at whatever is newest.
    let revision: Int
    /// The last key of the page before.
    let after: ObjectKey

    var text: String {
        let json: JSON = [
            "v": "meta.k8s.io/v1", "rv": JSON(revision), "start": .string("\(after.namespace)/\(after.name)"),
        ]
        return Base64URL.encode(json.encoded())
    }

    init(revision: Int, after: ObjectKey) {
        self.revision = revision
        self.after = after
    }

    init(_ text: String) throws(APIError) {
        guard let bytes = Base64URL.decode(text), let json = try? JSON(parsing: bytes),
            json["v"]?.string == "meta.k8s.io/v1", let revision = json["rv"]?.int,
            let start = json["start"]?.string, let slash = start.firstIndex(of: "/")
        else { throw APIError.badRequest("continue key is not valid: it must be used as the list returned it") }
        self.revision = revision
        after = ObjectKey(namespace: String(start[..<slash]), name: String(start[start.index(after: slash)...]))
    }
}
