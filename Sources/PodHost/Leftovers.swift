import Glibc
public import PodRecords

/// Ends what a lost supervisor has left behind.
///
/// With a process namespace of its own the kernel has killed it all by then or is about to; without one, the recorded
/// processes and everything that carries the pod's mark in its environment are killed here.
public enum Leftovers {
    /// The mark: every process of a pod is started with `CAUSEWAY_POD_UID=<uid>`.
    public static func mark(uid: String) -> String { "CAUSEWAY_POD_UID=\(uid)" }

    /// Kills and waits until nothing is left; to be called only while nobody supervises the pod.
    ///
    /// - Returns: whether everything is gone. A process that the kernel cannot kill yet stays after about two seconds.
    @discardableResult
    public static func end(uid: String, state: PodState?) -> Bool {
        // A supervisor writes its state before it starts anything, and nothing outlives a restart of the machine.
        guard let state, state.bootID == HostClock.bootID() else { return true }
        let table = ProcessTable()
        let recorded: [ProcessIdentity] = state.containers.compactMap { record in
            if case .running(let process, _) = record.state { process } else { nil }
        }
        for attempt in 0..<100 {
            var alive = recorded.filter(table.isAlive)
            // The mark is looked for once nothing recorded is left, and last of all: it reads the whole process table.
            if alive.isEmpty { alive = table.processes(withEnvironment: mark(uid: uid)) }
            if alive.isEmpty { return true }
            for process in alive { table.kill(process) }
            usleep(attempt < 10 ? 1_000 : 20_000)
        }
        return false
    }
}
