import Glibc

/// What a process has used until now, as Linux counts it.
struct ProcessUsage: Sendable {
    /// Time of processors in user and kernel mode, in seconds, to a hundredth.
    let processorSeconds: Double
    /// The resident set.
    let residentBytes: Int

    init(of process: Int32) throws {
        // proc(5): the name in parentheses may hold anything; after it user time is the 12th field, system time the 13th.
        guard let stat = SystemFile.lines("/proc/\(process)/stat").first, let name = stat.lastIndex(of: ")") else {
            throw BenchmarkFailure("process \(process) has ended while it was measured")
        }
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw BenchmarkFailure("/proc/\(process)/stat cannot be understood")
        }
        processorSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        residentBytes = Self.bytes("VmRSS:", of: process)
    }

    /// A size that Linux tells of a process; 0 where it tells none.
    static func bytes(_ name: String, of process: Int32) -> Int {
        let line = SystemFile.lines("/proc/\(process)/status").first { $0.hasPrefix(name) }
        let kilobytes = line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0
        return kilobytes * 1024
    }
}
