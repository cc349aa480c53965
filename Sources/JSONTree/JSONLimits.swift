/// What a parser accepts before it gives up, so that no sender decides how much memory or stack is spent.
public struct JSONLimits: Sendable, Hashable {
    /// Bytes of text. The caller usually bounds these already; this is the last word.
    public var bytes: Int
    /// Arrays and objects within each other.
    public var depth: Int
    /// Values in all, members and elements counted.
    public var values: Int

    /// - Parameters:
    ///   - bytes: 16 MiB unless told; a Kubernetes object is at most 1.5 MiB, a list of them may be longer.
    ///   - depth: 128 unless told; Kubernetes' own objects stay under 30, custom resource schemas under 100.
    ///   - values: two million unless told.
    public init(bytes: Int = 16 << 20, depth: Int = 128, values: Int = 2_000_000) {
        self.bytes = bytes
        self.depth = depth
        self.values = values
    }

    public static let standard = JSONLimits()
}
