/// What streams are for: the kinds that this version knows.
public enum StreamKind {
    /// The log of a pod's container, from the agent; parameters as ``LogsRequest``.
    public static let logs = "logs"
    /// Every byte comes back from the edge's pod network: the agent connects to the network's gateway address, where an
    /// echo answers. No parameters.
    public static let probe = "probe"
}
