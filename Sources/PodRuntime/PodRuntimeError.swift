/// Why a runtime could not do what was asked.
public struct PodRuntimeError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case noSuchPod
        case noSuchContainer
        /// The run of the container that was asked for has no log.
        case noLog
        /// A program could not be started in a container.
        case notStarted
        /// Nobody listens on a pod's port.
        case notConnected
        /// The pod's namespaces, network or supervisor could not be made.
        case sandbox
        /// No address is left in the cluster's pod network.
        case addressesExhausted
        /// The runtime cannot work on this machine.
        case unavailable
        /// A configuration file is wrong.
        case configuration
    }

    public let code: Code
    /// What happened and what to do about it.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
