import Foundation
import JSONTree
import KubernetesModel
import Logging
import PodHost
import PodRecords
import Synchronization
import TestKit

@testable import PodRuntime

/// A process runtime in a temporary folder, with the real supervisor; everything it starts is gone at the end.
struct RuntimeFixture {
    let folder: String
    let configuration: ProcessRuntimeConfiguration

    static let supervisor: String = {
        // The test bundle and the program are built into the same folder.
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        var folder = URL(fileURLWithPath: bundle).deletingLastPathComponent()
        for _ in 0..<4 {
            let candidate = folder.appendingPathComponent("causeway-supervisor").path
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
            folder = folder.deletingLastPathComponent()
        }
        return ".build/debug/causeway-supervisor"
    }()

    static let images = """
        images:
          sleeper: {command: [sleep], arguments: ["1000"]}
        """

    /// Runs `body` with a fixture, and removes all of it afterwards.
    static func with(
        cidr: String = "10.231.\(Int.random(in: 0...15) * 16).0/24", usesHostNetwork: Bool = false,
        _ body: (RuntimeFixture) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/causeway-runtime-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try images.write(toFile: folder + "/images.yaml", atomically: true, encoding: .utf8)
        let fixture = RuntimeFixture(
            folder: folder,
            configuration: ProcessRuntimeConfiguration(
                folder: folder + "/state", podCIDR: cidr, imageTable: folder + "/images.yaml", supervisor: supervisor,
                usesHostNetwork: usesHostNetwork))
        let result: Result<Void, any Error>
        do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
        if let last = try? await fixture.open() { await last.purge() }
        try? FileManager.default.removeItem(atPath: folder)
        try result.get()
    }

    func open() async throws -> ProcessRuntime {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try await ProcessRuntime.open(configuration, logger: logger)
    }

    /// Runs `body` while the runtime does its work: one life of a daemon.
    func running<T: Sendable>(_ body: @Sendable @escaping (ProcessRuntime) async throws -> T) async throws -> T {
        let runtime = try await open()
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                await runtime.run()
                return nil
            }
            group.addTask { try await body(runtime) }
            while let result = try await group.next() {
                guard let result else { continue }
                group.cancelAll()
                return result
            }
            throw NotInTime()
        }
    }

    struct NotInTime: Error {}

    static func pod(
        _ name: String = "web", policy: String = "Always", command: [String]? = nil, image: String = "anything",
        _ more: JSON = [:]
    ) -> PodRequest {
        var container: JSON = ["name": "main", "image": .string(image)]
        if let command { container["command"] = JSON(command) }
        if let fields = more.object { for (key, value) in fields { container[key] = value } }
        var pod = KubernetesObject(
            .pods, name: name, namespace: "default",
            [
                "spec": [
                    "restartPolicy": .string(policy), "terminationGracePeriodSeconds": 5, "nodeName": "node-1",
                    "containers": [container],
                ]
            ])
        pod.json["metadata", "uid"] = .string("uid-\(name)")
        return PodRequest(pod)
    }

    /// Waits until the pod's only container fulfils the condition.
    @discardableResult
    static func wait(
        _ runtime: ProcessRuntime, _ what: String, uid: String = "uid-web",
        _ condition: @Sendable @escaping (ContainerRecord) -> Bool
    ) async throws -> ContainerRecord {
        try await eventually(what) {
            guard let record = await runtime.status(uid: uid)?["main"], condition(record) else { return nil }
            return record
        }
    }

    static func process(_ record: ContainerRecord) -> ProcessIdentity? {
        if case .running(let process, _) = record.state { process } else { nil }
    }

    static func text(_ stream: AsyncThrowingStream<[UInt8], any Error>) async throws -> String {
        var bytes: [UInt8] = []
        for try await piece in stream { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }
}
