public import ClusterAPI
import ClusterBootstrap
import Digests
import JSONTree
import KubernetesModel
import OffloadingModel

/// Credentials on a real cluster: one Secret a peer in `causeway-system`, with the epoch and the farewell beside them, so that
/// whichever replica leads has them.
///
/// | field | what |
/// |---|---|
/// | `credentials` | JSON with certificate, key and the peer's authorities; missing where the peering is over |
/// | `epoch` | the highest epoch ever, in decimal; stays as long as the Secret |
/// | `farewell` | JSON as `credentials`, with the peer's address; missing where there is none |
public struct SecretCredentialStore: PeerCredentialStore {
    /// On every Secret of this store.
    static let label = "causeway.io/peer-credentials"

    private enum Field {
        static let credentials = "credentials"
        static let epoch = "epoch"
        static let farewell = "farewell"
    }

    private let secrets: SystemSecrets

    /// - Parameter owner: as of `SystemSecrets`.
    public init(_ cluster: any ClusterAPI, of owner: String = "") { secrets = SystemSecrets(cluster, of: owner) }

    private static func name(_ clusterID: String) throws -> String {
        "credentials-\(try PeerSecretName.part(clusterID))"
    }

    private func fields(_ clusterID: String) async throws -> [String: String] {
        try await secrets.load(try Self.name(clusterID)) ?? [:]
    }

    private static func parse<T>(
        _ text: String, _ clusterID: String, _ read: (JSONFields) throws -> T
    ) throws(DamagedSecret) -> T {
        do {
            return try read(try JSONFields(try JSON(parsing: text)))
        } catch {
            throw DamagedSecret("credentials-\(clusterID)", "it holds no credentials (\(error))")
        }
    }

    public func load(_ clusterID: String) async throws -> PeerCredentials? {
        guard let text = try await fields(clusterID)[Field.credentials] else { return nil }
        return try Self.parse(text, clusterID) { try PeerCredentials(fields: $0) }
    }

    public func save(_ credentials: PeerCredentials) async throws {
        try await change(credentials.clusterID) { fields in
            fields[Field.credentials] = try credentials.json.text()
            fields[Field.epoch] = String(max(credentials.epoch, Self.epoch(fields)))
        }
    }

    public func remove(_ clusterID: String) async throws {
        try await change(clusterID) { $0[Field.credentials] = nil }
    }

    public func lastEpoch(_ clusterID: String) async throws -> Int { Self.epoch(try await fields(clusterID)) }

    private static func epoch(_ fields: [String: String]) -> Int { fields[Field.epoch].flatMap { Int($0) } ?? 0 }

    public func farewells() async throws -> [Farewell] {
        try await secrets.all(label: Self.label).compactMap { name, fields in
            guard let text = fields[Field.farewell] else { return nil }
            return try Self.parse(text, name) { try Farewell(fields: $0) }
        }
    }

    public func save(_ farewell: Farewell) async throws {
        try await change(farewell.clusterID) { $0[Field.farewell] = try farewell.json.text() }
    }

    public func removeFarewell(_ clusterID: String) async throws {
        try await change(clusterID) { $0[Field.farewell] = nil }
    }

    private func change(_ clusterID: String, _ body: @Sendable (inout [String: String]) throws -> Void) async throws {
        try await secrets.change(try Self.name(clusterID), labels: [Self.label: ""], body)
    }
}
