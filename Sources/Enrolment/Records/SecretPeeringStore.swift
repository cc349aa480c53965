public import ClusterAPI
import ClusterBootstrap
import JSONTree
import KubernetesModel

/// Peerings on a real cluster: one Secret each in `causeway-system`, so that whichever replica leads has them.
public struct SecretPeeringStore: PeeringStore {
    /// On every Secret of this store.
    static let label = "causeway.io/peering-record"
    private static let field = "record"

    private let secrets: SystemSecrets

    /// - Parameter owner: as of `SystemSecrets`.
    public init(_ cluster: any ClusterAPI, of owner: String = "") { secrets = SystemSecrets(cluster, of: owner) }

    private static func name(_ clusterID: String) throws -> String { "peering-\(try PeerSecretName.part(clusterID))" }

    public func load() async throws -> [PeeringRecord] {
        try await secrets.all(label: Self.label).map { name, fields in
            do {
                return try PeeringRecord(json: try JSON(parsing: fields[Self.field] ?? ""))
            } catch {
                throw DamagedSecret(name, "it holds no peering (\(error))")
            }
        }
    }

    public func save(_ record: PeeringRecord) async throws {
        let text = record.json.text()
        try await secrets.change(try Self.name(record.clusterID), labels: [Self.label: ""]) { $0 = [Self.field: text] }
    }

    public func remove(clusterID: String) async throws { try await secrets.remove(try Self.name(clusterID)) }
}
