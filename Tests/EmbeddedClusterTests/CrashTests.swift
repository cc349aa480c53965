import ClusterAPI
import EmbeddedCluster
import FoundationEssentials
import Glibc
import JSONTree
import KubernetesModel
import TestKit
import Testing

/// What a process that is killed at any moment has acknowledged must be there afterwards.
///
/// The process that is killed is this very test program: it runs `CrashChild` when its environment says so.
@Suite("After kill -9", .serialized)
struct CrashTests {
    @Test("every acknowledged write is there, versions rise, and the process can be replaced at once")
    func kill() async throws {
        let folder = try TemporaryFolder()
        var known = 0
        for round in 0..<4 {
            let journal = "\(folder.path)/journal-\(round)"
            let child = try CrashChild.spawn(folder: folder.path, journal: journal)
            try await eventually("some writes are acknowledged", within: .seconds(30)) {
                CrashChild.lines(journal).count >= 40 * (round + 1)
            }
            Glibc.kill(child, SIGKILL)
            var status: Int32 = 0
            waitpid(child, &status, 0)
            let acknowledged = CrashChild.lines(journal)
            let cluster = try await EmbeddedCluster.open(
                ClusterConfiguration(name: "crash", stateFolder: folder.path, servesHTTPS: false, controllers: nil))
            let api = cluster.api()
            var highest = known
            for line in acknowledged {
                let parts = line.split(separator: " ").map(String.init)
                guard parts.count == 3, let version = Int(parts[1]) else { continue }
                let object = try await api.find(.configMaps, namespace: "default", name: parts[0])
                #expect(object?.json["data", "v"]?.string == parts[2], "\(line)")
                #expect(version > known)
                highest = max(highest, version)
            }
            let now = Int(try await api.list(.configMaps, namespace: nil).resourceVersion) ?? 0
            #expect(now >= highest)
            known = now
            await cluster.close()
        }
    }
}

@Suite("The program that is killed")
struct CrashChild {
    static var folder: String? { ProcessInfo.processInfo.environment["CAUSEWAY_TEST_CRASH_FOLDER"] }
    private static var journal: String? { ProcessInfo.processInfo.environment["CAUSEWAY_TEST_CRASH_JOURNAL"] }

    @Test(
        "writes until it is killed",
        .enabled(if: ProcessInfo.processInfo.environment["CAUSEWAY_TEST_CRASH_FOLDER"] != nil))
    func write() async throws {
        guard let folder = Self.folder, let journal = Self.journal else { return }
        let cluster = try await EmbeddedCluster.open(
            ClusterConfiguration(name: "crash", stateFolder: folder, servesHTTPS: false, controllers: nil))
        let api = cluster.api()
        let file = open(journal, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let run = Int.random(in: 0..<Int.max)
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for turn in 0..<100_000 {
                        let name = "w\(run)-\(writer)-\(turn)"
                        let object = KubernetesObject(
                            .configMaps, name: name, namespace: "default", ["data": ["v": .string("\(turn)")]])
                        guard let made = try? await api.create(.configMaps, object) else { return }
                        let line = Array("\(name) \(made.resourceVersion) \(turn)\n".utf8)
                        _ = line.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                    }
                }
            }
        }
    }

    /// The complete lines of a journal.
    static func lines(_ journal: String) -> [String] {
        guard let bytes = try? TestFile.read(journal) else { return [] }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    static func spawn(folder: String, journal: String) throws -> pid_t {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let arguments = [path, "--testing-library", "swift-testing", "--filter", "CrashChild"]
        var environment = ProcessInfo.processInfo.environment
        environment["CAUSEWAY_TEST_CRASH_FOLDER"] = folder
        environment["CAUSEWAY_TEST_CRASH_JOURNAL"] = journal
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

    struct NotSpawned: Error { let code: Int32 }
}
