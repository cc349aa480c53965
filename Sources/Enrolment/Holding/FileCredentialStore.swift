import FoundationEssentials
import Glibc
import JSONTree
public import TLSTransport

/// Credentials in embedded mode: one file a peer, of mode 0600, below the state folder.
public struct FileCredentialStore: PeerCredentialStore {
    private let folder: String

    /// - Throws: `TLSError` where the folder cannot be made.
    public init(stateFolder: String) throws(TLSError) {
        folder = stateFolder + "/peers"
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw TLSError(.io, "cannot make \(folder): \(String(cString: strerror(errno)))")
        }
    }

    /// An id comes from objects that users write: nothing that leads out of the folder is taken.
    private func path(_ clusterID: String, _ suffix: String) throws(TLSError) -> String {
        let isPlain = clusterID.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
        }
        guard isPlain, (1...64).contains(clusterID.utf8.count) else {
            throw TLSError(.invalidInput, "\"\(clusterID.prefix(64))\" is no cluster id: letters, digits and '-' only")
        }
        return "\(folder)/\(clusterID).\(suffix)"
    }

    public func load(_ clusterID: String) async throws -> PeerCredentials? {
        let path = try path(clusterID, "json")
        guard access(path, F_OK) == 0 else { return nil }
        let bytes = try KeyFile.read(path)
        do {
            return try PeerCredentials(fields: try JSONFields(try JSON(parsing: bytes), at: path))
        } catch {
            throw TLSError(
                .invalidInput,
                "\(path) holds no credentials (\(error)): restore it, or remove it and peer again with a new token")
        }
    }

    public func save(_ credentials: PeerCredentials) async throws {
        // The epoch first: one that was never used is harmless, one that is used twice is not.
        try KeyFile.write(Array(String(credentials.epoch).utf8), to: try path(credentials.clusterID, "epoch"))
        try KeyFile.write(try credentials.json.encoded(), to: try path(credentials.clusterID, "json"))
    }

    public func remove(_ clusterID: String) async throws { try removeFile(try path(clusterID, "json")) }

    public func lastEpoch(_ clusterID: String) async throws -> Int {
        let path = try path(clusterID, "epoch")
        guard access(path, F_OK) == 0 else { return 0 }
        return Int(String(decoding: try KeyFile.read(path), as: UTF8.self)) ?? 0
    }

    private func removeFile(_ path: String) throws(TLSError) {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw TLSError(.io, "cannot remove \(path): \(String(cString: strerror(errno)))")
        }
    }

    // MARK: - Farewells

    private static let farewellSuffix = "farewell"

    public func farewells() async throws -> [Farewell] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try names.filter { $0.hasSuffix(".\(Self.farewellSuffix)") }.sorted().map { name in
            let path = "\(folder)/\(name)"
            return try Farewell(fields: try JSONFields(try JSON(parsing: try KeyFile.read(path)), at: path))
        }
    }

    public func save(_ farewell: Farewell) async throws {
        try KeyFile.write(try farewell.json.encoded(), to: try path(farewell.clusterID, Self.farewellSuffix))
    }

    public func removeFarewell(_ clusterID: String) async throws {
        try removeFile(try path(clusterID, Self.farewellSuffix))
    }
}
