/// The version of Causeway's programs.
public enum CausewayVersion {
    /// Of this build, as semantic versioning writes it.
    public static let current = "0.1.0"
}
