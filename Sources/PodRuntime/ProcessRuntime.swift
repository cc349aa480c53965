import Glibc
import JSONTree
import KubernetesModel
public import Logging
import PodHost
import PodRecords

/// Runs pods as processes of this machine, each pod under a small supervisor of its own that outlives the daemon.
///
/// All that lasts lies in the pods' folders (`PodFolder`): a new runtime on the same folder finds the pods as they are.
/// With root each pod has a network namespace and an address on the cluster's bridge; without, its address is one of
/// 127.0.0.0/8 and, where user namespaces may be made, reachable from inside the pod only.
public actor ProcessRuntime: PodRuntime {
    /// What is known of one pod.
    struct Entry {
        let folder: PodFolder
        var namespace: String
        var name: String
        var address: IPv4Address?
        /// `nil` while the pod waits for its images or values.
        var plan: PodPlan?
        var state: PodState?
        var isSupervised = false
        var isStopping = false
        /// The containers of a pod without a plan, each with what it waits for.
        var waiting: [ContainerRecord] = []
        var problem = ""
        var remarks: [String] = []
        /// Why volumes cannot be had yet, in the words of events.
        var volumeProblems: [String] = []
        let seenLogs = SeenLogs()
    }

    public nonisolated let version: String
    public nonisolated let hostAddress: String
    public nonisolated var warning: String? { nil }
    /// The name of the cluster's bridge; `nil` without one.
    public nonisolated let bridge: String?

    let configuration: ProcessRuntimeConfiguration
    let logger: Logger
    let folder: RuntimeFolder
    let network: ClusterNetwork
    private let supervisor: SupervisorProgram
    private let watch: FolderWatch
    private let fileChanges: AsyncStream<FolderWatch.Change?>
    let broadcast = ChangeBroadcast<String>()
    var pool: AddressPool
    var images: ImageTableFile
    var entries: [String: Entry] = [:]
    /// Pods that are being set up or removed: one thing at a time for each.
    var busy: Set<String> = []

    /// Reads the image table, makes the cluster's network, and finds the pods of an earlier run.
    ///
    /// - Throws: `PodRuntimeError` (`configuration`, `unavailable`).
    public static func open(
        _ configuration: ProcessRuntimeConfiguration, logger: Logger
    ) async throws(PodRuntimeError) -> ProcessRuntime {
        let images = try ImageTableFile(path: configuration.imageTable)
        let pool = try AddressPool(cidr: configuration.podCIDR)
        guard access(configuration.supervisor, X_OK) == 0 else {
            throw PodRuntimeError(
                .unavailable, "the program \(configuration.supervisor) is missing: it belongs beside this one")
        }
        let supervisor = SupervisorProgram(path: configuration.supervisor)
        var mode = ClusterNetwork.Mode.host
        if !configuration.usesHostNetwork {
            switch try await supervisor.isolation() {
            case "privileged": mode = .bridged
            case "userNamespace": mode = .isolated
            default: mode = .host
            }
        }
        let network: ClusterNetwork
        let runtime: ProcessRuntime
        do throws(SystemError) {
            let folder = try RuntimeFolder(making: configuration.folder)
            network = ClusterNetwork(mode: mode, identity: folder.path, pool: pool)
            // Noted first: a crash in between must not leave a bridge that nobody knows.
            if mode == .bridged { try folder.note(bridge: network.bridge) }
            let (changes, continuation) = AsyncStream<FolderWatch.Change?>.makeStream()
            let watch = try FolderWatch { continuation.yield($0) }
            runtime = ProcessRuntime(
                configuration, folder: folder, network: network, pool: pool, images: images, watch: watch,
                changes: changes,
                logger: logger)
        } catch {
            throw PodRuntimeError(.unavailable, "the pods' folder cannot be used: \(error)")
        }
        try network.setUp()
        await runtime.recover()
        return runtime
    }

    private init(
        _ configuration: ProcessRuntimeConfiguration, folder: RuntimeFolder, network: ClusterNetwork, pool: AddressPool,
        images: ImageTableFile, watch: FolderWatch, changes: AsyncStream<FolderWatch.Change?>, logger: Logger
    ) {
        fileChanges = changes
        self.configuration = configuration
        self.folder = folder
        self.network = network
        self.pool = pool
        self.images = images
        self.watch = watch
        self.logger = logger
        version = "process://\(configuration.version)"
        hostAddress = network.hostAddress
        bridge = network.mode == .bridged ? network.bridge : nil
        supervisor = SupervisorProgram(path: configuration.supervisor)
    }

    // MARK: - Finding pods

    var podsFolder: String { folder.pods }

    private func recover() {
        for uid in PodFiles.names(in: podsFolder) {
            let folder = folder.pod(uid)
            if uid.hasPrefix(".") {
                // Begun and never finished: no supervisor has ever seen it.
                PodFiles.removeAll(folder.path)
                continue
            }
            guard let plan = try? folder.plan() else {
                logger.warning(
                    "a pod's folder cannot be read and is left alone", metadata: ["folder": "\(folder.path)"])
                continue
            }
            var entry = Entry(folder: folder, namespace: plan.namespace, name: plan.name, plan: plan)
            entry.address = ownAddress(plan.network)
            if let address = entry.address { pool.reserve(address) }
            entry.isStopping = folder.stopCommand() != nil
            entries[uid] = entry
            follow(uid)
            refresh(uid)
        }
        if !entries.isEmpty { logger.info("found pods of an earlier run", metadata: ["pods": "\(entries.count)"]) }
    }

    /// The address as the pool counts it.
    private func ownAddress(_ plan: NetworkPlan) -> IPv4Address? {
        guard let address = IPv4Address(plan.address) else { return nil }
        if case .bridged = plan { return address }
        return IPv4Address(number: address.number & 0x00FF_FFFF | pool.gateway.number & 0xFF00_0000)
    }

    func follow(_ uid: String) {
        guard let folder = entries[uid]?.folder else { return }
        do { try watch.add(folder.path, as: uid) } catch {
            logger.error("a pod cannot be watched", metadata: ["pod": "\(uid)", "error": "\(error)"])
        }
    }

    // MARK: - Noticing

    public nonisolated func changes() -> AsyncStream<String> { broadcast.stream() }

    public func run() async {
        for await change in fileChanges {
            if let change {
                guard change.file == PodFolder.stateFile || change.file == PodFolder.lockFile else { continue }
                refresh(change.key)
            } else {
                for uid in entries.keys { refresh(uid) }
            }
        }
    }

    /// Reads what the supervisor wrote, and whether it is still there.
    private func refresh(_ uid: String) {
        guard var entry = entries[uid], entry.plan != nil else { return }
        let before = Self.status(uid, entry)
        let wasSupervised = entry.isSupervised
        // In this order: a supervisor that ends in between has written its last word before it let go of the lock.
        entry.isSupervised = entry.folder.isSupervised
        let state = entry.folder.state()
        if entry.isSupervised || state?.phase == .finished {
            entry.state = state
        } else if let state, wasSupervised || entry.state == nil {
            entry.state = state.after(
                state.bootID == HostClock.bootID() ? .died : .rebooted, at: HostClock.now())
            if wasSupervised { logger.warning("a pod's supervisor is gone", metadata: ["pod": "\(uid)"]) }
        }
        entries[uid] = entry
        if Self.status(uid, entry) != before { broadcast.send(uid) }
    }

    // MARK: - PodRuntime

    public func status(uid: String) -> PodRuntimeStatus? { entries[uid].map { Self.status(uid, $0) } }

    public func list() -> [PodRuntimeStatus] { entries.map { Self.status($0.key, $0.value) } }

    private static func status(_ uid: String, _ entry: Entry) -> PodRuntimeStatus {
        PodRuntimeStatus(
            uid: uid, namespace: entry.namespace, name: entry.name,
            phase: entry.state?.phase ?? (entry.isStopping ? .finished : .active), address: entry.plan?.network.address,
            startedAt: entry.state?.startedAt,
            containers: entry.state?.containers ?? (entry.waiting.isEmpty ? unstarted(entry.plan) : entry.waiting),
            problem: entry.problem, isSupervised: entry.isSupervised, remarks: entry.remarks,
            volumeProblems: entry.volumeProblems, notices: entry.state?.notices ?? [])
    }

    private static func unstarted(_ plan: PodPlan?) -> [ContainerRecord] {
        (plan?.containers ?? []).map {
            ContainerRecord(
                name: $0.name, kind: $0.kind, state: .waiting(reason: "ContainerCreating", message: ""))
        }
    }

    public func ensure(_ request: PodRequest) async throws {
        let uid = request.pod.uid
        guard !uid.isEmpty, !uid.contains("/"), !uid.hasPrefix(".") else {
            throw PodRuntimeError(.noSuchPod, "pod \(request.pod.key) has no uid that can name a folder")
        }
        guard busy.insert(uid).inserted else { return }
        defer { busy.remove(uid) }
        if entries[uid]?.plan == nil {
            let before = entries[uid].map { Self.status(uid, $0) }
            try prepare(request)
            guard entries[uid]?.plan != nil else {
                if entries[uid].map({ Self.status(uid, $0) }) != before { broadcast.send(uid) }
                return
            }
        }
        guard let entry = entries[uid], !entry.isSupervised, !entry.isStopping, entry.state?.phase != .finished else {
            return
        }
        do {
            try await supervisor.supervise(entry.folder)
            entries[uid]?.problem = ""
            entries[uid]?.isSupervised = true
        } catch {
            if entries[uid]?.problem != error.message {
                entries[uid]?.problem = error.message
                broadcast.send(uid)
            }
            throw error
        }
        broadcast.send(uid)
        refresh(uid)
    }

    public func stop(uid: String, gracePeriodSeconds: Int) async throws {
        guard let entry = entries[uid] else { return }
        entries[uid]?.isStopping = true
        guard entry.plan != nil else {
            if !entry.isStopping { broadcast.send(uid) }
            return
        }
        do {
            try entry.folder.write(StopCommand(gracePeriodSeconds: max(0, gracePeriodSeconds)))
        } catch {
            throw PodRuntimeError(.sandbox, "the order to stop cannot be written: \(error)")
        }
        refresh(uid)
        guard entries[uid]?.isSupervised == false, entries[uid]?.state?.phase != .finished,
            busy.insert(uid).inserted
        else { return }
        defer { busy.remove(uid) }
        // Nobody obeys: what the lost supervisor left behind is ended here, and its last word written for it.
        let state = entries[uid]?.state
        _ = await Self.end(uid, entry.folder)
        if var last = state, let lock = try? entry.folder.lock() {
            last.phase = .finished
            try? entry.folder.write(last)
            close(lock)
        }
        refresh(uid)
    }

    public func remove(uid: String) async throws {
        guard let entry = entries[uid] else { return }
        guard busy.insert(uid).inserted else {
            throw PodRuntimeError(.sandbox, "pod \(uid) is being set up or ended; try again")
        }
        defer { busy.remove(uid) }
        if entry.plan != nil, await !Self.end(uid, entry.folder) {
            throw PodRuntimeError(.sandbox, "the processes of pod \(uid) cannot be killed; try again")
        }
        watch.remove(uid)
        // Renamed first: a crash halfway leaves nothing that looks like a pod.
        let doomed = "\(podsFolder)/.\(uid)"
        PodFiles.removeAll(doomed)
        rename(entry.folder.path, doomed)
        PodFiles.removeAll(doomed)
        if let address = entry.address { pool.release(address) }
        entries[uid] = nil
        broadcast.send(uid)
    }

    @concurrent
    private static func end(_ uid: String, _ folder: PodFolder) async -> Bool { folder.end(uid: uid) }

    /// Ends all pods at once and removes the cluster's bridge and all folders: nothing of the runtime is left.
    public func purge() async {
        for uid in entries.keys { try? await remove(uid: uid) }
        _ = folder.purge()
    }
}
