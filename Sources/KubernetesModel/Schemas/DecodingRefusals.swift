/// The answers to requests whose body is not what its kind looks like.
public enum DecodingRefusals {
    /// `strict decoding error: unknown field "a", duplicate field "b"`: what strict field validation refuses.
    public static func strictMessage(_ problems: [String]) -> String {
        "strict decoding error: \(problems.joined(separator: ", "))"
    }

    /// 400 for a body that was to be created or to replace an object.
    ///
    /// - Parameter message: a `DecodingFailure`'s, or `strictMessage`.
    public static func body(_ type: ResourceType, _ message: String) -> APIError {
        .badRequest("\(type.kind) in version \"\(type.version)\" cannot be handled as a \(type.kind): \(message)")
    }

    /// 422 for a patch whose result is not what its kind looks like. It names no object, as in Kubernetes.
    ///
    /// - Parameters:
    ///   - patch: the patched object's text; of a strategic merge patch the patch itself, as Go prints it.
    ///   - message: a `DecodingFailure`'s, or `strictMessage`.
    public static func patch(_ patch: String, _ message: String) -> APIError {
        var problems = FieldProblems()
        problems.invalid(FieldPath("patch"), patch, message)
        return .invalid(group: "", kind: "", name: "", problems.causes)
    }
}
