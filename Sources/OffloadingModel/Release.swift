/// Which release of Causeway this code is.
public enum Release {
    /// A semantic version, the same for the hub, the agent and `causewayctl`.
    public static let version = "0.1.0"
}
