import CLinuxShims
import Glibc
public import PodRecords

/// Processes of the host, as `/proc` shows them.
public struct ProcessTable: Sendable {
    /// An open descriptor of the host's `/proc`, for a process that has mounted its own over it; -1 for the path.
    private let root: Int32

    public init() { root = -1 }

    /// - Parameter root: stays the caller's to close.
    public init(root: Int32) { self.root = root }

    private func read(_ name: String) -> [UInt8]? {
        let file = root >= 0 ? openat(root, name, O_RDONLY | O_CLOEXEC) : open("/proc/\(name)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count > 0 else { return count == 0 ? bytes : nil }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    /// The fields of `/proc/PID/stat` from the third on: the second, the name, may hold anything.
    private func stat(_ pid: Int) -> [Substring]? {
        guard let bytes = read("\(pid)/stat"), let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        return String(decoding: bytes[(end + 1)...], as: UTF8.self).split(separator: " ")
    }

    /// The process that has this number now; `nil` where none has or it is dead and waits to be reaped.
    public func identity(of pid: Int) -> ProcessIdentity? {
        guard let fields = stat(pid), fields.count > 19, fields[0] != "Z", fields[0] != "X",
            let ticks = Int(fields[19])
        else { return nil }
        return ProcessIdentity(pid: pid, startTicks: ticks)
    }

    /// When the process with this number started, dead and not yet reaped ones included; 0 where there is none.
    public func startTicks(of pid: Int) -> Int {
        guard let fields = stat(pid), fields.count > 19 else { return 0 }
        return Int(fields[19]) ?? 0
    }

    public func isAlive(_ process: ProcessIdentity) -> Bool { identity(of: process.pid) == process }

    /// Sends SIGKILL to the very process, never to a later one of the same number.
    public func kill(_ process: ProcessIdentity) {
        let handle = causeway_pidfd_open(Int32(clamping: process.pid))
        // The descriptor pins the number: checked after it was opened, the check holds.
        defer { if handle >= 0 { close(handle) } }
        if isAlive(process) { _ = Glibc.kill(pid_t(process.pid), SIGKILL) }
    }

    /// Numbers of the processes that are there now.
    public func pids() -> [Int] { PodFiles.names(in: "/proc").compactMap { Int($0) } }

    /// The processes below `ancestor`, itself excluded, as their parents are now.
    public func descendants(of ancestor: Int) -> [Int] {
        var children: [Int: [Int]] = [:]
        for pid in pids() {
            guard let fields = stat(pid), fields.count > 1, fields[0] != "Z", let parent = Int(fields[1]) else {
                continue
            }
            children[parent, default: []].append(pid)
        }
        var found: [Int] = []
        var next = [ancestor]
        while let pid = next.popLast() {
            for child in children[pid] ?? [] {
                found.append(child)
                next.append(child)
            }
        }
        return found
    }

    /// The processes whose environment at their start held `entry` (`NAME=value`).
    public func processes(withEnvironment entry: String) -> [ProcessIdentity] {
        let wanted = Array(entry.utf8)
        return pids().compactMap { pid in
            guard let environment = read("\(pid)/environ"), !environment.isEmpty,
                environment.split(separator: 0).contains(where: { $0.elementsEqual(wanted) })
            else { return nil }
            return identity(of: pid)
        }
    }
}
