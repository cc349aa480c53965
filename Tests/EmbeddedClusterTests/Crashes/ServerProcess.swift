import FoundationEssentials
import Glibc
import HTTPTransport
import TLSTransport
import TestKit
import Testing

@testable import EmbeddedCluster

/// A cluster in a process of its own, served over HTTPS, which can be killed, and whose memory can be measured.
///
/// The process is this very test program: it runs `ServerChild` when its environment says so.
final class ServerProcess {
    private static let variable = "CAUSEWAY_TEST_SERVER_FOLDER"
    static var folderOfChild: String? { ProcessInfo.processInfo.environment[variable] }

    struct NotSpawned: Error { let code: Int32 }

    let folder: TemporaryFolder
    private(set) var id: pid_t
    private var isOver = false

    /// Starts the process; `ready` waits until it serves.
    init(folder: TemporaryFolder) throws {
        self.folder = folder
        id = try Self.spawn(folder.path)
    }

    deinit { kill() }

    /// Ends the process as a failing machine does: without a word, at whatever it is doing.
    func kill() {
        guard !isOver else { return }
        Glibc.kill(id, SIGKILL)
        var status: Int32 = 0
        waitpid(id, &status, 0)
        isOver = true
    }

    func restart() throws {
        kill()
        id = try Self.spawn(folder.path)
        isOver = false
    }

    /// A client with an administrator's certificate, once the server answers.
    func client() async throws -> HTTPClient {
        let client = try await eventually("the server has made its certificates and its port", within: .seconds(30)) {
            try? self.folder.http(
                port: self.folder.servedPort(), self.folder.authority().makeIdentity(.administrator(), now: Self.now))
        }
        try await Self.ready(client)
        return client
    }

    static func ready(_ client: HTTPClient) async throws {
        try await eventually("the server answers", within: .seconds(30)) {
            try? await client.get("/readyz").0 == 200 ? true : nil
        }
    }

    static var now: Int64 { Int64(WallClock.seconds()) }

    /// What the process holds of the machine's memory, in bytes.
    func residentBytes() throws -> Int { try Self.residentBytes(of: id) }

    static func residentBytes(of id: pid_t) throws -> Int {
        let words = String(decoding: try TestFile.read("/proc/\(id)/statm"), as: UTF8.self).split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }

    /// Waits until a process has held no more memory than before, but for a MiB, for a second.
    static func settles(_ id: pid_t, within deadline: Duration = .seconds(60)) async throws {
        var highest = try residentBytes(of: id)
        var since = ContinuousClock.now
        try await eventually("the server takes no more memory", within: deadline) {
            let now = try residentBytes(of: id)
            if now > highest + (1 << 20) { (highest, since) = (now, .now) }
            return ContinuousClock.now - since >= .seconds(1)
        }
    }

    private static func spawn(_ folder: String) throws -> pid_t {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let arguments = [path, "--testing-library", "swift-testing", "--filter", "ServerChild"]
        var environment = ProcessInfo.processInfo.environment
        environment[variable] = folder
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // The sockets of other tests would stay open in the child: NIO does not mark them to be closed by `exec`.
        for descriptor: Int32 in 3..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var child: pid_t = 0
        let result = posix_spawn(&child, path, &actions, nil, &argv, &envp)
        guard result == 0 else { throw NotSpawned(code: result) }
        return child
    }
}

@Suite("The server that is killed")
struct ServerChild {
    @Test("serves until it is killed", .enabled(if: ServerProcess.folderOfChild != nil))
    func serve() async throws {
        guard let folder = ServerProcess.folderOfChild else { return }
        let parent = getppid()
        let cluster = try await EmbeddedCluster.open(
            ClusterConfiguration(name: "child", stateFolder: folder, controllers: nil))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cluster.run() }
            group.addTask {
                // Nobody is left to kill it when the tests themselves are ended.
                while getppid() == parent { try await Task.sleep(for: .seconds(1)) }
            }
            try await group.next()
            group.cancelAll()
        }
    }
}
