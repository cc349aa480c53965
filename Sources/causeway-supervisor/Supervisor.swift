import CLinuxShims
import Glibc
import PodHost
import PodRecords

/// Runs one pod to its end: performs what `PodLifecycle` decides, tells it what happened, and writes down what is.
struct Supervisor {
    /// A container whose process is there.
    private struct Running {
        let process: ContainerProcess
        let log: ContainerLog
        var prober: ContainerProber
        var hook: ContainerHook?
        /// The pipes of its output that are still open at the other end.
        var streams: [LogLine.Stream: Int32]
        var console: ContainerConsole?
    }

    /// How long a finished pod's supervisor waits for clients to take what it wrote, in nanoseconds.
    private static let patience = 10_000_000_000

    private let folder: PodFolder
    private let sandbox: Sandbox
    private var life: PodLifecycle
    private var running: [String: Running] = [:]
    /// Where clients of consoles are announced; `nil` where no container has one.
    private var door: AttachDoor?
    /// Clients of runs that are over, who have not taken all of their output.
    private var leaving: [Attachment] = []
    private let signals: Int32
    private let orders: Int32
    private var written: PodState?
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    /// The monotonic time to try again to write the state, after it could not be written.
    private var writeAgainAt: Int?

    init(folder: PodFolder, plan: PodPlan, previous: PodState?, sandbox: Sandbox) throws {
        self.folder = folder
        self.sandbox = sandbox
        let number = Sandbox.hostNumber(in: sandbox.hostProcesses)
        let identity = ProcessIdentity(pid: number, startTicks: sandbox.processes.startTicks(of: number))
        let bootID = HostClock.bootID()
        let now = HostClock.now()
        if let previous {
            life = PodLifecycle(
                plan: plan, recovering: previous, after: previous.bootID == bootID ? .died : .rebooted, bootID: bootID,
                supervisor: identity, at: now)
        } else {
            life = PodLifecycle(plan: plan, bootID: bootID, supervisor: identity, at: now)
        }
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        signals = causeway_signal_descriptor([SIGCHLD, SIGTERM, SIGINT], 3)
        guard signals >= 0 else { throw SystemError.last("watch for signals") }
        orders = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard orders >= 0, inotify_add_watch(orders, folder.path, UInt32(IN_MOVED_TO)) >= 0 else {
            throw SystemError.last("watch \(folder.path)")
        }
        if plan.containers.contains(where: { $0.console != nil }) { door = try AttachDoor(folder) }
        try folder.write(life.state)
        written = life.state
    }

    /// Starts what starts at once and writes that down: whoever waits for the pod finds it running.
    mutating func begin() {
        // An order to stop that is there already comes before any start.
        obey()
        perform(life.advance(at: HostClock.now()))
        save()
    }

    mutating func run() -> Never {
        while life.state.phase != .finished {
            save()
            wait()
        }
        end()
    }

    // MARK: - Events

    private mutating func wait() {
        var files = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: orders, events: Int16(POLLIN), revents: 0),
        ]
        let names = running.keys.sorted()
        for name in names {
            let streams = running[name].map { $0.console?.holdsBack == true ? [:] : $0.streams } ?? [:]
            for file in streams.values {
                files.append(pollfd(fd: file, events: Int16(POLLIN), revents: 0))
            }
        }
        for name in names {
            files += running[name]?.prober.files ?? []
            files += running[name]?.console?.files ?? []
            files += running[name]?.hook?.file.map { [$0] } ?? []
        }
        files += (door?.files ?? []) + leaving.flatMap(\.files)
        let now = HostClock.now()
        var deadlines = [life.nextDeadline(after: now), writeAgainAt].compactMap { $0 }
        for name in names {
            deadlines += running[name]?.prober.deadline.map { [$0] } ?? []
            deadlines += running[name]?.hook?.deadline.map { [$0] } ?? []
        }
        // Rounded up: woken a moment early there would be nothing to do yet.
        let timeout = deadlines.min().map { max(0, min(($0 - now.monotonic + 999_999) / 1_000_000, 3_600_000)) } ?? -1
        guard poll(&files, nfds_t(files.count), Int32(timeout)) >= 0 || errno == EINTR else { return }
        admit()
        for name in names where running[name]?.console?.holdsBack != true { drain(name) }
        takeSignals()
        obey()
        for name in names {
            followHook(name)
            probe(name)
        }
        perform(life.advance(at: HostClock.now()))
    }

    /// Lets clients in and out, and hands on what they have room for.
    private mutating func admit() {
        for request in door?.requests() ?? [] {
            if running[request.container]?.console != nil {
                running[request.container]?.console?.attach(request)
            } else {
                close(request.socket)
            }
        }
        for name in running.keys { running[name]?.console?.advance() }
        for place in leaving.indices { _ = leaving[place].advance() }
        leaving.removeAll { client in
            let isOver = client.isGone || client.waiting == 0
            if isOver { client.close() }
            return isOver
        }
    }

    private mutating func takeSignals() {
        // One signalfd_siginfo is 128 bytes and begins with the signal's number.
        var buffer = [UInt8](repeating: 0, count: 128 * 16)
        while true {
            let count = read(signals, &buffer, buffer.count)
            guard count >= 128 else { break }
            for place in stride(from: 0, to: count, by: 128) where Int32(buffer[place]) != SIGCHLD {
                perform(life.stop(gracePeriodSeconds: life.plan.gracePeriodSeconds, at: HostClock.now()))
            }
        }
        reap()
    }

    private mutating func reap() {
        var status: Int32 = 0
        while true {
            let pid = waitpid(-1, &status, WNOHANG)
            guard pid > 0 else { return }
            if let name = running.first(where: { $0.value.process.pid == pid })?.key {
                exited(name, ProcessExit(waitStatus: status))
            } else {
                for name in running.keys {
                    running[name]?.prober.reaped(pid, ProcessExit(waitStatus: status))
                    running[name]?.hook?.reaped(pid, ProcessExit(waitStatus: status))
                }
            }
        }
    }

    private mutating func exited(_ name: String, _ exit: ProcessExit) {
        guard let container = running[name] else { return }
        container.process.end()
        // What daemons have left the group: alone in the pod, all goes with the container.
        if running.count == 1 { sandbox.killAll() }
        drain(name)
        leaving += running[name]?.console?.finish() ?? []
        container.log.finish()
        running[name]?.prober.close()
        running[name]?.hook?.cancel()
        for file in (running[name]?.streams ?? [:]).values { close(file) }
        running[name] = nil
        perform(life.exited(name, exit, message: lastWords(of: name, exit), at: HostClock.now()))
    }

    private func plan(_ name: String) -> ContainerPlan? { life.plan.containers.first { $0.name == name } }

    private func lastWords(of name: String, _ exit: ProcessExit) -> String {
        guard let plan = plan(name)?.terminationMessage, let run = life.state[name].map({ $0.runs - 1 }) else {
            return ""
        }
        return TerminationMessage(folder: folder, container: name, run: run).text(plan, after: exit)
    }

    /// Moves what a container has written to its log, as much as is there now.
    private mutating func drain(_ name: String) {
        guard let container = running[name] else { return }
        for stream in [LogLine.Stream.standardOutput, .standardError] {
            guard let file = container.streams[stream] else { continue }
            // Bounded, so that a container that never stops writing does not keep the others waiting.
            for _ in 0..<64 {
                let count = read(file, &buffer, buffer.count)
                // A terminal that no program has open any more ends with an error.
                if count == 0 || (count < 0 && errno == EIO) {
                    close(file)
                    running[name]?.streams[stream] = nil
                }
                guard count > 0 else { break }
                container.log.take(buffer[..<count], from: stream)
                running[name]?.console?.take(buffer[..<count], from: stream, log: container.log)
            }
        }
    }

    private mutating func obey() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(orders, &buffer, buffer.count) > 0 {}
        guard let command = folder.stopCommand() else { return }
        perform(life.stop(gracePeriodSeconds: command.gracePeriodSeconds, at: HostClock.now()))
    }

    private mutating func probe(_ name: String) {
        guard var container = running[name] else { return }
        // Nothing is asked of a container whose start hook has not returned, nor of one that is ending.
        guard container.hook == nil else { return }
        var failures: [String] = []
        let verdict = container.prober.advance(at: HostClock.now()) { failures.append($0) }
        running[name] = container
        for failure in failures { life.note(name, .unhealthy, failure) }
        life.probed(name, isStarted: container.prober.isStarted, isReady: container.prober.isReady)
        if case .unhealthy(let kind) = verdict {
            perform(life.unhealthy(name, cause: "failed \(kind.rawValue) probe", at: HostClock.now()))
        }
    }

    private mutating func followHook(_ name: String) {
        guard var hook = running[name]?.hook else { return }
        let outcome = hook.advance(at: HostClock.now())
        running[name]?.hook = hook
        guard let outcome else { return }
        running[name]?.hook = nil
        switch (hook.moment, outcome) {
        case (.afterStart, .succeeded): break
        case (.afterStart, .failed(let reason)):
            life.note(name, .failedPostStartHook, "PostStartHook failed: \(reason)")
            perform(life.unhealthy(name, cause: "failed post start hook", at: HostClock.now()))
        case (.beforeStop, let outcome):
            if case .failed(let reason) = outcome {
                life.note(name, .failedPreStopHook, "PreStopHook failed: \(reason)")
            }
            running[name]?.process.signal(SIGTERM)
        }
    }

    // MARK: - Actions

    private mutating func perform(_ actions: [PodLifecycle.Action]) {
        for action in actions {
            switch action {
            case .start(let name, let run): start(name, run: run)
            case .signal(let name): askToEnd(name)
            case .kill(let name): running[name]?.process.end()
            }
        }
    }

    /// Asks a container to end, after its hook for that, which the grace period includes.
    private mutating func askToEnd(_ name: String) {
        guard let container = running[name], let plan = plan(name) else { return }
        guard let hook = plan.preStop else { return container.process.signal(SIGTERM) }
        running[name]?.hook?.cancel()
        let inside = sandbox.points == nil ? nil : container.process.pid
        let stopping = ContainerHook(.beforeStop, hook, of: plan, process: inside, at: HostClock.now())
        running[name]?.hook = stopping
    }

    private mutating func start(_ name: String, run: Int) {
        guard let plan = plan(name) else { return }
        let log = ContainerLog(folder: folder, container: name, run: run)
        if plan.terminationMessage != nil { TerminationMessage(folder: folder, container: name, run: run).prepare() }
        do throws(ContainerProcess.StartFailure) {
            let process = try ContainerProcess(plan, mounts: sandbox.mounts(of: plan, in: folder), sandbox: sandbox)
            let now = HostClock.now()
            let inside = sandbox.points == nil ? nil : process.pid
            running[name] = Running(
                process: process, log: log, prober: ContainerProber(plan, process: inside, startedAt: now),
                hook: plan.postStart.map { ContainerHook(.afterStart, $0, of: plan, process: inside, at: now) },
                streams: process.output,
                console: plan.console.map {
                    ContainerConsole($0, streams: Set(process.output.keys), input: process.input)
                })
            perform(life.started(name, as: process.identity, at: now))
        } catch {
            log.finish()
            perform(life.failedToStart(name, message: error.message, at: HostClock.now()))
        }
    }

    private mutating func save() {
        guard life.state != written else { return }
        if let writeAgainAt, writeAgainAt > HostClock.now().monotonic { return }
        do throws(SystemError) {
            try folder.write(life.state)
            written = life.state
            writeAgainAt = nil
        } catch {
            if writeAgainAt == nil { complain("\(error); trying again every second") }
            writeAgainAt = HostClock.now().monotonic + 1_000_000_000
        }
    }

    private func complain(_ message: String) {
        try? PodFiles.writeAll(
            Array("\(HostClock.now().wall.precise) \(message)\n".utf8), to: 2, path: "standard error")
    }

    /// Nothing is left to do: the last state is written, however long that takes, before the lock goes.
    private mutating func end() -> Never {
        sandbox.killAll()
        while life.state != written {
            save()
            if life.state != written { sleep(1) }
        }
        // The last words of the pod, for clients who read on.
        let deadline = HostClock.now().monotonic + Self.patience
        while !leaving.isEmpty, HostClock.now().monotonic < deadline {
            var files = leaving.flatMap(\.files)
            _ = poll(&files, nfds_t(files.count), 100)
            admit()
        }
        exit(0)
    }
}
