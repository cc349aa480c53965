import FoundationEssentials
import Glibc
import JSONTree
import OffloadingModel
import TLSTransport

/// Peerings as files `peerings/<cluster id>.json` in a state folder, mode 0600, each replaced as a whole.
public struct FilePeeringStore: PeeringStore {
    private let folder: String

    /// - Parameter stateFolder: exists; `peerings` in it is made when first needed.
    public init(stateFolder: String) { folder = stateFolder + "/peerings" }

    public func load() async throws -> [PeeringRecord] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return [] }
        return try names.filter { $0.hasSuffix(".json") }.sorted().map { name in
            let path = "\(folder)/\(name)"
            let bytes = try Data(contentsOf: URL(filePath: path))
            do {
                return try PeeringRecord(json: try JSON(parsing: bytes))
            } catch {
                throw PeeringStoreError("\(path) is no peering: \(error); restore it, or remove it and peer again")
            }
        }
    }

    public func save(_ record: PeeringRecord) async throws {
        let path = try path(record.clusterID)
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw failure("make the folder \(folder)") }
        do {
            try KeyFile.write(record.json.encoded(), to: path)
        } catch {
            throw PeeringStoreError("cannot write \(path): \(error.cause ?? error.message)")
        }
    }

    public func remove(clusterID: String) async throws {
        let path = try path(clusterID)
        guard unlink(path) == 0 else {
            if errno == ENOENT { return }
            throw failure("remove \(path)")
        }
        try syncFolder()
    }

    /// Makes removals durable.
    private func syncFolder() throws {
        let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw failure("open \(folder)") }
        defer { close(handle) }
        guard fsync(handle) == 0 else { throw failure("write \(folder)") }
    }

    private func path(_ clusterID: String) throws -> String {
        guard ClusterIdentity.isID(clusterID) else { throw PeeringStoreError("a cluster id that is no file name") }
        return "\(folder)/\(clusterID).json"
    }

    private func failure(_ what: String) -> PeeringStoreError {
        PeeringStoreError("cannot \(what): \(String(cString: strerror(errno)))")
    }
}

/// Why peerings cannot be read or written.
public struct PeeringStoreError: Error, Sendable, CustomStringConvertible {
    /// What failed, with the path and what to do.
    public let description: String
    init(_ description: String) { self.description = description }
}
