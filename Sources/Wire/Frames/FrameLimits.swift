/// How much one frame may hold. Checked when its length is read, before any memory is spent.
public struct FrameLimits: Sendable, Hashable {
    /// The most bytes of a frame: kind and payload.
    public var frameLength: Int
    /// The most bytes that one deflated message may inflate to.
    public var inflatedLength: Int
    /// What a JSON message may be made of.
    public var depth: Int
    /// JSON values in one message.
    public var values: Int

    /// - Parameters:
    ///   - frameLength: 8 MiB unless told: five Kubernetes objects of the largest size.
    ///   - inflatedLength: 16 MiB unless told.
    ///   - depth: 64 unless told; Kubernetes' objects stay under 30.
    ///   - values: 500,000 unless told: a digest of the largest set.
    public init(
        frameLength: Int = 8 << 20, inflatedLength: Int = 16 << 20, depth: Int = 64, values: Int = 500_000
    ) {
        self.frameLength = frameLength
        self.inflatedLength = inflatedLength
        self.depth = depth
        self.values = values
    }

    /// For a peer that is known by its certificate.
    public static let standard = FrameLimits()

    /// For a peer that is not known yet: an enrolment or a greeting fits, nothing else does.
    public static let unauthenticated = FrameLimits(
        frameLength: 64 << 10, inflatedLength: 64 << 10, depth: 16, values: 1000)
}
