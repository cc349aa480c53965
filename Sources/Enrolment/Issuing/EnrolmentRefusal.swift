public import Wire

/// Why a peer with a good token is not taken; the token stays good.
public struct EnrolmentRefusal: Error, Sendable, Hashable {
    /// What the peer is told.
    public let error: ErrorMessage

    /// - Parameter message: a sentence for the operator at the other side, with what to do.
    public init(_ message: String, _ code: ErrorMessage.Code = .identity) {
        error = ErrorMessage(code: code, message: message)
    }
}
