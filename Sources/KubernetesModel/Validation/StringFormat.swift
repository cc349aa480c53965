import JSONTree

/// What the `format` of a custom resource's string demands; formats that Kubernetes does not know demand nothing.
///
/// Source of the names: `supportedVersionedFormats` of the apiextensions API server. Those about credit cards, social security
/// numbers and books are taken without a look.
enum StringFormat {
    /// Whether a text is what a format says.
    static func holds(_ format: String, of text: String) -> Bool {
        guard !format.isEmpty else { return true }
        // `date-time` and `datetime` are one.
        let format = format.filter { $0 != "-" }
        switch format {
        case "datetime": return Timestamp.seconds(text) != nil
        case "date": return Timestamp.seconds("\(text)T00:00:00Z") != nil
        case "ipv4": return isIPv4(text[...])
        case "ipv6": return isIPv6(text[...])
        case "cidr": return isCIDR(text)
        case "byte": return isBase64(text)
        case "quantity": return (try? Quantity(text)) != nil
        case "k8sshortname": return LabelSyntax.problem(dnsLabel: text) == nil
        case "k8slongname": return LabelSyntax.problem(subdomain: text) == nil
        default:
            guard let pattern = patterns[format] else { return true }
            return pattern.match(text) == .matches
        }
    }

    private static let patterns: [String: Pattern] = {
        let hex = "[0-9a-fA-F]"
        let texts = [
            "bsonobjectid": "^\(hex){24}$",
            "uri": "^([a-zA-Z][a-zA-Z0-9+.-]*:[^\\s]*|/[^\\s]*)$",
            "email": "^([^@<>]*<[^@\\s<>]+@[^@\\s<>]+>|[^@\\s<>]+@[^@\\s<>]+)$",
            "hostname":
                "^[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?(\\.[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?)*$",
            "mac": "^(\(hex){2}([:-]\(hex){2}){5}|\(hex){2}([:-]\(hex){2}){7}|\(hex){4}(\\.\(hex){4}){2})$",
            "uuid": "^\(hex){8}-?\(hex){4}-?\(hex){4}-?\(hex){4}-?\(hex){12}$",
            "uuid3": "^\(hex){8}-?\(hex){4}-?3\(hex){3}-?\(hex){4}-?\(hex){12}$",
            "uuid4": "^\(hex){8}-?\(hex){4}-?4\(hex){3}-?[89abAB]\(hex){3}-?\(hex){12}$",
            "uuid5": "^\(hex){8}-?\(hex){4}-?5\(hex){3}-?[89abAB]\(hex){3}-?\(hex){12}$",
            "hexcolor": "^#?(\(hex){3}|\(hex){6})$",
            "rgbcolor": "^rgb\\( *[0-9]{1,3} *, *[0-9]{1,3} *, *[0-9]{1,3} *\\)$",
            "duration":
                "^([-+]?(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)|"
                + "[0-9]+ *(ns|us|µs|ms|s|sec|second|seconds|m|min|minute|minutes|h|hr|hour|hours|d|day|days|w|week|weeks))$",
        ]
        return texts.compactMapValues { try? Pattern($0) }
    }()

    private static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard let number = UInt8(part), part.allSatisfy(\.isNumber) else { return false }
                return String(number) == part
            }
    }

    private static func isIPv6(_ text: Substring) -> Bool {
        guard text.contains(":") else { return false }
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return false }
        var count = 0
        for (place, half) in halves.enumerated() where !half.isEmpty {
            let groups = half.split(separator: ":", omittingEmptySubsequences: false)
            for (number, group) in groups.enumerated() {
                let isLast = place == halves.count - 1 && number == groups.count - 1
                if isLast, group.contains(".") {
                    guard isIPv4(group) else { return false }
                    count += 2
                } else {
                    guard (1...4).contains(group.count), group.allSatisfy(\.isHexDigit) else { return false }
                    count += 1
                }
            }
        }
        return halves.count == 2 ? count < 8 : count == 8
    }

    private static func isCIDR(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bits = UInt8(parts[1]), String(bits) == parts[1] else { return false }
        return isIPv4(parts[0]) && bits <= 32 || isIPv6(parts[0]) && bits <= 128
    }

    private static func isBase64(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count % 4 == 0 else { return false }
        let padding = bytes.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        return padding <= 2
            && bytes.dropLast(padding).allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2B
                    || $0 == 0x2F
            }
    }
}
