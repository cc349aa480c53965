import Sessions
import Wire

extension EnrolmentAnswer {
    /// The one answer for tokens that are unknown, expired, used, wrong or bound to another name.
    public static let tokenRefused = EnrolmentAnswer.refused(
        ErrorMessage(code: .tokenRefused, message: TokenVerification.refusalMessage))
}
