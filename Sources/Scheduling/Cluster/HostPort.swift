import JSONTree
import KubernetesModel

/// A port that a pod occupies on its node.
public struct HostPort: Sendable, Hashable {
    public let address: String
    public let port: Int
    /// `TCP`, `UDP` or `SCTP`.
    public let transport: String

    private static let everyAddress = "0.0.0.0"

    /// - Parameter address: empty for every address of the node.
    public init(address: String = "", port: Int, transport: String = "TCP") {
        self.address = address.isEmpty ? Self.everyAddress : address
        self.port = port
        self.transport = transport.isEmpty ? "TCP" : transport
    }

    /// Whether two pods cannot have the ports on one node: equal ports, and addresses that are equal or cover each other.
    public func conflicts(with other: HostPort) -> Bool {
        port == other.port && transport == other.transport
            && (address == other.address || address == Self.everyAddress || other.address == Self.everyAddress)
    }

    /// The host ports of a pod's containers and sidecars.
    static func all(of pod: KubernetesObject) -> [HostPort] {
        let spec = pod.json["spec"]
        let sidecars = (spec?["initContainers"]?.array ?? []).filter { $0["restartPolicy"]?.string == "Always" }
        return ((spec?["containers"]?.array ?? []) + sidecars).flatMap { container in
            (container["ports"]?.array ?? []).compactMap { port in
                guard let number = port["hostPort"]?.int, number > 0 else { return nil }
                return HostPort(
                    address: port["hostIP"]?.string ?? "", port: number, transport: port["protocol"]?.string ?? "")
            }
        }
    }
}
