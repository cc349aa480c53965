public import ClusterAPI
import Glibc
import PodHost
import PodRecords

extension ProcessRuntime {
    public func logs(uid: String, _ options: LogOptions) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        try logs(uid: uid, options, stream: nil)
    }

    /// - Parameters:
    ///   - stream: the only one to show; `nil` for both.
    ///   - offset: where in the file to begin.
    func logs(
        uid: String, _ options: LogOptions, stream: LogLine.Stream?, offset: Int = 0
    ) throws(PodRuntimeError) -> AsyncThrowingStream<[UInt8], any Error> {
        guard let entry = entries[uid] else {
            throw PodRuntimeError(.noSuchPod, "the pod is not known to its node yet; try again")
        }
        guard let status = status(uid: uid), let record = status[options.container] else {
            throw PodRuntimeError(
                .noSuchContainer, "container \(options.container) is not valid for pod \(entry.name)")
        }
        guard record.runs > 0 else { throw Self.notStarted(record, pod: entry.name) }
        let run = options.previous ? record.runs - 2 : record.runs - 1
        let path = entry.folder.logFile(container: record.name, run: run)
        guard run >= 0, access(path, R_OK) == 0 else {
            throw PodRuntimeError(
                .noLog,
                options.previous
                    ? "previous terminated container \"\(record.name)\" in pod \"\(entry.name)\" not found"
                    : "the log of container \"\(record.name)\" in pod \"\(entry.name)\" is gone")
        }
        do throws(SystemError) {
            let follow = options.follow && !options.previous ? try follow(uid, record.name, run: run) : nil
            let seen = entry.seenLogs
            let reader = try LogReader(
                path: path, options, stream: stream, now: HostClock.now().wall, follow: follow, offset: offset,
                ended: { seen.note(record.name, run: run, bytes: $0) })
            return AsyncThrowingStream { try await reader.next() }
        } catch {
            throw PodRuntimeError(.noLog, "the log cannot be read: \(error)")
        }
    }

    private func follow(_ uid: String, _ container: String, run: Int) throws(SystemError) -> LogReader.Follow {
        let (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let folder = FolderWatchSource(
            try FolderWatch(seesWriting: true) { _ in wake.yield() },
            broadcast.onSend { if $0 == uid { wake.yield() } })
        if let path = entries[uid]?.folder.logFolder(container: container) { try folder.watch.add(path, as: uid) }
        return LogReader.Follow(wakes: wakes, sources: [folder]) { [weak self] in
            guard let record = await self?.status(uid: uid)?[container] else { return true }
            return record.runs - 1 != run || !record.state.isRunning
        }
    }

    /// What wakes a follower, kept together.
    private struct FolderWatchSource: Sendable {
        let watch: FolderWatch
        let registration: ChangeBroadcast<String>.Registration

        init(_ watch: FolderWatch, _ registration: ChangeBroadcast<String>.Registration) {
            self.watch = watch
            self.registration = registration
        }
    }

    /// The kubelet's words about a container that has not run yet.
    private static func notStarted(_ record: ContainerRecord, pod: String) -> PodRuntimeError {
        var why = "waiting to start"
        if case .waiting(let reason, _) = record.state {
            switch reason {
            case "ErrImagePull": why += ": image can't be pulled"
            case "ImagePullBackOff": why += ": trying and failing to pull image"
            default: why += ": \(reason)"
            }
        }
        return PodRuntimeError(.noLog, "container \"\(record.name)\" in pod \"\(pod)\" is \(why)")
    }
}
