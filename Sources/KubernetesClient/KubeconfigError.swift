/// Why a kubeconfig cannot be used: which file, which line and field, and what to do.
public struct KubeconfigError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file; nil when the problem is not one file's.
    public let file: String?
    /// The line, counted from 1, where it is known.
    public let line: Int?
    /// The field's path, such as `users[admin].user.exec`; empty when the problem is not a field's.
    public let field: String
    /// What is wrong, and what to do.
    public let problem: String

    /// Makes an error.
    public init(file: String? = nil, line: Int? = nil, field: String = "", _ problem: String) {
        self.file = file
        self.line = line
        self.field = field
        self.problem = problem
    }

    /// `FILE:LINE: FIELD: PROBLEM`, without the parts that are not known.
    public var description: String {
        var text = ""
        if let file { text += file + (line.map { ":\($0)" } ?? "") + ": " }
        if !field.isEmpty { text += field + ": " }
        return text + problem
    }
}
