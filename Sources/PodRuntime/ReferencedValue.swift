/// One value of a ConfigMap or Secret: bytes, which are text where they become an environment variable.
public struct ReferencedValue: Sendable, Hashable, ExpressibleByStringLiteral {
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public init(_ text: String) { bytes = Array(text.utf8) }
    public init(stringLiteral text: String) { self.init(text) }

    public var text: String { String(decoding: bytes, as: UTF8.self) }
}
