/// The rules for label keys, label values and names, with Kubernetes' words for what breaks them
/// (`k8s.io/apimachinery/pkg/util/validation`).
public enum LabelSyntax {
    static let qualifiedMessage =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
        + "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    static let valueMessage =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
        + "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
        + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    static let subdomainMessage =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
        + "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    static let labelMessage =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
        + "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isName(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last) else {
            return false
        }
        return bytes.allSatisfy {
            isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
        }
    }

    /// - Returns: what is wrong with a label or annotation key; `nil` where nothing is.
    public static func problem(key: String) -> String? {
        let parts = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.last else {
            return "a qualified name " + qualifiedMessage.dropFirst("name part ".count)
                + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        }
        if parts.count == 2 {
            guard !parts[0].isEmpty else { return "prefix part must be non-empty" }
            if let problem = problem(subdomain: String(Substring(parts[0]))) { return "prefix part \(problem)" }
        }
        guard !name.isEmpty else { return "name part must be non-empty" }
        guard name.count <= 63 else { return "name part must be no more than 63 bytes" }
        return isName(name) ? nil : qualifiedMessage
    }

    /// - Returns: what is wrong with a label's value; `nil` where nothing is.
    public static func problem(value: String) -> String? {
        guard value.utf8.count <= 63 else { return "must be no more than 63 bytes" }
        return value.isEmpty || isName(value[...].utf8) ? nil : valueMessage
    }

    private static func isDNSLabel(_ bytes: Substring.UTF8View) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool {
            isAlphanumeric(byte) && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        }
        guard let first = bytes.first, let last = bytes.last, isPlain(first), isPlain(last) else { return false }
        return bytes.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "-") }
    }

    /// - Returns: what is wrong with a name that must be a DNS subdomain, as most objects' names must; `nil` where nothing is.
    public static func problem(subdomain name: String) -> String? {
        guard name.utf8.count <= 253 else { return "must be no more than 253 bytes" }
        return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(isDNSLabel)
            ? nil : subdomainMessage
    }

    /// - Returns: what is wrong with a name that must be a DNS label, as namespaces' names must; `nil` where nothing is.
    public static func problem(dnsLabel name: String) -> String? {
        guard name.utf8.count <= 63 else { return "must be no more than 63 bytes" }
        return isDNSLabel(name[...].utf8) ? nil : labelMessage
    }
}
