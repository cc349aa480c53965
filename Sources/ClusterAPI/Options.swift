public import JSONTree
public import KubernetesModel

/// What a list returns (`meta/v1 ListOptions`).
public struct ListOptions: Sendable, Hashable {
    /// The text form of a label selector; empty for all.
    public var labelSelector: String
    /// The text form of a field selector, such as `spec.nodeName=a`; empty for all.
    public var fieldSelector: String
    /// The most objects a page; 0 for all.
    public var limit: Int
    /// Where the last page ended, as its `continuation` said.
    public var continuation: String

    public init(labelSelector: String = "", fieldSelector: String = "", limit: Int = 0, continuation: String = "") {
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
        self.limit = limit
        self.continuation = continuation
    }
}

/// What a watch reports.
public struct WatchOptions: Sendable, Hashable {
    public var labelSelector: String
    public var fieldSelector: String
    /// Report what came after this version, as a list or an earlier event gave it.
    public var resourceVersion: String
    /// Whether bookmarks are wanted, which move the version on when nothing happens.
    public var allowsBookmarks: Bool
    /// Seconds after which the server ends the watch; `nil` leaves it to the server.
    public var timeoutSeconds: Int?

    public init(
        resourceVersion: String, labelSelector: String = "", fieldSelector: String = "", allowsBookmarks: Bool = true,
        timeoutSeconds: Int? = nil
    ) {
        self.resourceVersion = resourceVersion
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
        self.allowsBookmarks = allowsBookmarks
        self.timeoutSeconds = timeoutSeconds
    }
}

/// How unknown and duplicate fields of a written object are treated (`fieldValidation`).
public enum FieldValidation: String, Sendable {
    case ignore = "Ignore"
    case warn = "Warn"
    case strict = "Strict"
}

/// What goes with a write.
public struct WriteOptions: Sendable, Hashable {
    /// Who owns the fields that are written; empty for the client's default.
    public var fieldManager: String
    /// Everything but the storing.
    public var isDryRun: Bool
    /// Only for apply patches: take fields over from other managers.
    public var force: Bool
    /// `nil` leaves it to the server.
    public var fieldValidation: FieldValidation?

    public init(
        fieldManager: String = "", isDryRun: Bool = false, force: Bool = false, fieldValidation: FieldValidation? = nil
    ) {
        self.fieldManager = fieldManager
        self.isDryRun = isDryRun
        self.force = force
        self.fieldValidation = fieldValidation
    }
}

/// A change to an object.
public struct Patch: Sendable, Hashable {
    /// The kinds of patch, by their media types.
    public enum Form: String, Sendable {
        case json = "application/json-patch+json"
        case merge = "application/merge-patch+json"
        case strategic = "application/strategic-merge-patch+json"
        case apply = "application/apply-patch+yaml"
    }

    /// How ``body`` is to be read.
    public var form: Form
    /// The patch itself; for ``Form/json`` an array of operations.
    public var body: JSON

    public init(_ form: Form, _ body: JSON) {
        self.form = form
        self.body = body
    }
}

/// How an object goes (`meta/v1 DeleteOptions`).
public struct DeleteOptions: Sendable, Hashable {
    /// What becomes of the objects that name this one as their owner.
    public enum Propagation: String, Sendable {
        /// They stay, and name no owner any more.
        case orphan = "Orphan"
        /// They go after it.
        case background = "Background"
        /// They go first.
        case foreground = "Foreground"
    }

    /// Seconds a pod has to end; `nil` for its own.
    public var gracePeriodSeconds: Int?
    /// `nil` leaves it to the resource.
    public var propagation: Propagation?
    /// Delete only this very object: a later one of the same name is a conflict.
    public var uid: String?
    /// Delete only this version: a later one is a conflict.
    public var resourceVersion: String?
    public var isDryRun: Bool

    public init(
        gracePeriodSeconds: Int? = nil, propagation: Propagation? = nil, uid: String? = nil,
        resourceVersion: String? = nil, isDryRun: Bool = false
    ) {
        self.gracePeriodSeconds = gracePeriodSeconds
        self.propagation = propagation
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.isDryRun = isDryRun
    }
}

/// Which part of a container's log is wanted (`core/v1 PodLogOptions`).
public struct LogOptions: Sendable, Hashable {
    /// Empty for the pod's only or default container.
    public var container: String
    /// Go on with what is written later, until the container has ended.
    public var follow: Bool
    /// The log of the container's instance before the last restart.
    public var previous: Bool
    /// Begin each line with its time, RFC 3339.
    public var timestamps: Bool
    /// Lines from the end; `nil` for all.
    public var tailLines: Int?
    /// Only lines this recent, in seconds.
    public var sinceSeconds: Int?
    /// Only lines after this time, RFC 3339.
    public var sinceTime: String?
    /// The most bytes to send.
    public var limitBytes: Int?

    public init(
        container: String = "", follow: Bool = false, previous: Bool = false, timestamps: Bool = false,
        tailLines: Int? = nil, sinceSeconds: Int? = nil, sinceTime: String? = nil, limitBytes: Int? = nil
    ) {
        self.container = container
        self.follow = follow
        self.previous = previous
        self.timestamps = timestamps
        self.tailLines = tailLines
        self.sinceSeconds = sinceSeconds
        self.sinceTime = sinceTime
        self.limitBytes = limitBytes
    }
}

/// A page of a list.
public struct ObjectList: Sendable {
    /// In the order of namespaces and names.
    public var items: [KubernetesObject]
    /// The version of the collection: where a watch goes on.
    public var resourceVersion: String
    /// Where the next page starts; empty at the end.
    public var continuation: String

    public init(items: [KubernetesObject], resourceVersion: String, continuation: String = "") {
        self.items = items
        self.resourceVersion = resourceVersion
        self.continuation = continuation
    }
}

/// One change that a watch reports.
public enum WatchEvent: Sendable {
    case added(KubernetesObject)
    case modified(KubernetesObject)
    /// The object as it was last, with the version of its deletion.
    case deleted(KubernetesObject)
    /// Nothing happened up to this version.
    case bookmark(resourceVersion: String)
}
