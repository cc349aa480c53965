/// What streams are for: the kinds that this version knows.
public enum StreamKind {
    /// The log of a pod's container, from the agent; parameters as ``LogsRequest``.
    public static let logs = "logs"
    /// Every byte comes back from the edge's pod network: the agent connects to the network's gateway address, where an
    /// echo answers. No parameters.
    public static let probe = "probe"
    /// Runs a program in a container of a pod, at the agent; parameters as ``ContainerStreamRequest``, then
    /// ``ContainerRecord``s.
    public static let exec = "exec"
    /// The main program's own streams of a container, from now on; otherwise as ``exec``.
    public static let attach = "attach"
    /// One connection to a port inside a pod, at the agent: its bytes, both ways. Parameters as ``ForwardRequest``. A
    /// connection that fails is a stream that breaks, with the reason.
    public static let forward = "forward"
}
