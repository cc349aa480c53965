/// Which images a hub may have run at an edge, by their names as pods write them.
///
/// As text: patterns with commas between, in which `*` stands for anything: `*`, or `nginx,registry.example.com/shop/*`. One that
/// names no tag and no digest is for all of them. Nothing is added to a name: what pods write as `docker.io/library/nginx` is
/// not `nginx`. A text without any pattern allows none.
public struct AllowedImages: Sendable, Hashable, CustomStringConvertible {
    private let patterns: [String]

    /// All images.
    public static let all = AllowedImages("*")

    public init(_ text: String) {
        patterns = text.split { $0 == "," || $0 == " " }.map(String.init)
    }

    public var description: String { patterns.joined(separator: ",") }

    /// Whether an image may run.
    public func contains(_ image: String) -> Bool {
        let names = [image, Self.withoutVersion(image)].map { Array($0.utf8)[...] }
        return patterns.contains { pattern in
            let pattern = Array(pattern.utf8)[...]
            return names.contains { Self.matches($0, pattern) }
        }
    }

    /// The name without its digest and its tag; the colon of a registry's port is neither.
    private static func withoutVersion(_ image: String) -> String {
        let name = image.prefix { $0 != "@" }
        guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") else { return String(name) }
        return String(name[..<colon])
    }

    /// In time that grows with the product of the lengths at most: of all stars only the last one is tried again.
    private static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        let star = UInt8(ascii: "*")
        var (text, pattern) = (text, pattern)
        var again: (text: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while let byte = text.first {
            if pattern.first == star {
                pattern = pattern.dropFirst()
                again = (text, pattern)
            } else if pattern.first == byte {
                text = text.dropFirst()
                pattern = pattern.dropFirst()
            } else if let last = again {
                again = (last.text.dropFirst(), last.pattern)
                (text, pattern) = (last.text.dropFirst(), last.pattern)
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == star }
    }
}
