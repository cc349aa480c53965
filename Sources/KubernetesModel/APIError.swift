public import JSONTree

/// A refusal by a Kubernetes API, as its `Status` object says it (`meta/v1 Status`).
///
/// The one place where failures become `Status` objects and back. Messages are Kubernetes' own.
public struct APIError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One cause among several (`meta/v1 StatusCause`).
    public struct Cause: Sendable, Hashable {
        /// Such as `FieldValueInvalid`.
        public var reason: String
        public var message: String
        /// The field's path, such as `spec.replicas`.
        public var field: String

        public init(reason: String, message: String, field: String) {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// The HTTP status code.
    public var code: Int
    /// Kubernetes' reason word, such as `NotFound`; open, because servers add words.
    public var reason: Reason
    public var message: String
    public var group: String
    /// `status.details.kind`: a plural for most errors, a kind for `Invalid`.
    public var kind: String
    public var name: String
    public var uid: String
    public var causes: [Cause]
    public var retryAfterSeconds: Int?
    /// `metadata.continue`: with which an expired list goes on, though inconsistently; empty where it cannot.
    public var continuation = ""

    public struct Reason: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public var description: String { rawValue }

        public static let notFound = Reason(rawValue: "NotFound")
        public static let alreadyExists = Reason(rawValue: "AlreadyExists")
        public static let conflict = Reason(rawValue: "Conflict")
        public static let invalid = Reason(rawValue: "Invalid")
        public static let badRequest = Reason(rawValue: "BadRequest")
        public static let unauthorized = Reason(rawValue: "Unauthorized")
        public static let forbidden = Reason(rawValue: "Forbidden")
        public static let gone = Reason(rawValue: "Gone")
        public static let expired = Reason(rawValue: "Expired")
        public static let timeout = Reason(rawValue: "Timeout")
        public static let tooManyRequests = Reason(rawValue: "TooManyRequests")
        public static let methodNotAllowed = Reason(rawValue: "MethodNotAllowed")
        public static let notAcceptable = Reason(rawValue: "NotAcceptable")
        public static let unsupportedMediaType = Reason(rawValue: "UnsupportedMediaType")
        public static let requestEntityTooLarge = Reason(rawValue: "RequestEntityTooLarge")
        public static let internalError = Reason(rawValue: "InternalError")
        public static let serviceUnavailable = Reason(rawValue: "ServiceUnavailable")
        /// Left out of the Status: nothing but the code says what kind of failure it is.
        public static let none = Reason(rawValue: "")
    }

    public init(
        code: Int, reason: Reason, message: String, group: String = "", kind: String = "", name: String = "",
        uid: String = "", causes: [Cause] = [], retryAfterSeconds: Int? = nil
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.group = group
        self.kind = kind
        self.name = name
        self.uid = uid
        self.causes = causes
        self.retryAfterSeconds = retryAfterSeconds
    }

    public var description: String { message }
}

// MARK: - The refusals Kubernetes words

extension APIError {
    private init(_ code: Int, _ reason: Reason, _ type: ResourceType, _ name: String, _ message: String) {
        self.init(code: code, reason: reason, message: message, group: type.group, kind: type.plural, name: name)
    }

    public static func notFound(_ type: ResourceType, _ name: String) -> APIError {
        APIError(404, .notFound, type, name, "\(type.groupResource) \"\(name)\" not found")
    }

    public static func alreadyExists(_ type: ResourceType, _ name: String) -> APIError {
        APIError(409, .alreadyExists, type, name, "\(type.groupResource) \"\(name)\" already exists")
    }

    /// - Parameter why: such as the standard sentence about a modified object.
    public static func conflict(
        _ type: ResourceType, _ name: String,
        _ why: String = "the object has been modified; please apply your changes to the latest version and try again"
    ) -> APIError {
        APIError(
            409, .conflict, type, name, "Operation cannot be fulfilled on \(type.groupResource) \"\(name)\": \(why)")
    }

    public static func forbidden(_ type: ResourceType, _ name: String, _ why: String) -> APIError {
        APIError(403, .forbidden, type, name, "\(type.groupResource) \"\(name)\" is forbidden: \(why)")
    }

    public static func badRequest(_ message: String) -> APIError {
        APIError(code: 400, reason: .badRequest, message: message)
    }

    public static func internalError(_ message: String) -> APIError {
        APIError(code: 500, reason: .internalError, message: "Internal error occurred: \(message)")
    }

    /// 410: the resource version is older than the history that is kept.
    public static func expired(_ message: String) -> APIError {
        APIError(code: 410, reason: .expired, message: message)
    }

    public static func tooManyRequests(_ message: String, retryAfterSeconds: Int?) -> APIError {
        APIError(code: 429, reason: .tooManyRequests, message: message, retryAfterSeconds: retryAfterSeconds)
    }

    public static func unavailable(_ message: String, retryAfterSeconds: Int? = nil) -> APIError {
        APIError(code: 503, reason: .serviceUnavailable, message: message, retryAfterSeconds: retryAfterSeconds)
    }

    /// 422 with one cause a field, joined as Kubernetes joins them.
    public static func invalid(group: String, kind: String, name: String, _ causes: [Cause]) -> APIError {
        let texts = causes.map { "\($0.field): \($0.message)" }
        let joined = texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
        let qualified = group.isEmpty ? kind : "\(kind).\(group)"
        return APIError(
            code: 422, reason: .invalid, message: "\(qualified) \"\(name)\" is invalid: \(joined)", group: group,
            kind: kind, name: name, causes: causes)
    }

    public var isNotFound: Bool { reason == .notFound }
    public var isConflict: Bool { reason == .conflict }
    public var isAlreadyExists: Bool { reason == .alreadyExists }
    /// The watch or list must start anew.
    public var isExpired: Bool { code == 410 }
}

// MARK: - Status objects

extension APIError {
    /// The `Status` object that answers the request.
    public var status: JSON {
        var details = JSONObject()
        if !name.isEmpty { details["name"] = .string(name) }
        if !group.isEmpty { details["group"] = .string(group) }
        if !kind.isEmpty { details["kind"] = .string(kind) }
        if !uid.isEmpty { details["uid"] = .string(uid) }
        if !causes.isEmpty {
            details["causes"] = .array(
                causes.map {
                    var cause: JSON = ["reason": .string($0.reason), "message": .string($0.message)]
                    if !$0.field.isEmpty { cause["field"] = .string($0.field) }
                    return cause
                })
        }
        if let retryAfterSeconds { details["retryAfterSeconds"] = JSON(retryAfterSeconds) }
        var status: JSON = [
            "kind": "Status", "apiVersion": "v1",
            "metadata": continuation.isEmpty ? [:] : ["continue": .string(continuation)], "status": "Failure",
            "message": .string(message),
        ]
        if !reason.rawValue.isEmpty { status["reason"] = .string(reason.rawValue) }
        // Kubernetes always has them for these, if only empty ones, and kubectl reads them without a look.
        if !details.isEmpty || reason == .invalid || reason == .notFound { status["details"] = .object(details) }
        status["code"] = JSON(code)
        return status
    }

    /// Reads a `Status` object; whatever is missing falls back to `code` and `fallback`.
    public init(status json: JSON, code fallbackCode: Int, fallback: String) {
        let details = json["details"]
        self.init(
            code: json["code"]?.int ?? fallbackCode,
            reason: Reason(rawValue: json["reason"]?.string ?? "Unknown"),
            message: json["message"]?.string ?? fallback,
            group: details?["group"]?.string ?? "",
            kind: details?["kind"]?.string ?? "",
            name: details?["name"]?.string ?? "",
            uid: details?["uid"]?.string ?? "",
            causes: (details?["causes"]?.array ?? []).map {
                Cause(
                    reason: $0["reason"]?.string ?? "", message: $0["message"]?.string ?? "",
                    field: $0["field"]?.string ?? "")
            },
            retryAfterSeconds: details?["retryAfterSeconds"]?.int)
        continuation = json["metadata", "continue"]?.string ?? ""
    }
}
