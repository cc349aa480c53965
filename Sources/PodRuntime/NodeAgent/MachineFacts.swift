import Glibc
import PodHost

/// What a node says about the machine it is on.
public struct MachineFacts: Sendable, Hashable {
    public var processors: Int
    /// Bytes.
    public var memory: Int
    public var availableMemory: Int
    /// Bytes of the file system that holds the pods' folders.
    public var disk: Int
    public var availableDisk: Int
    public var freeProcessNumbers: Int
    /// In Kubernetes' words: `amd64`, `arm64`.
    public var architecture: String
    public var kernelVersion: String
    /// As `/etc/os-release` names the system: `Debian GNU/Linux 12 (bookworm)`.
    public var systemName: String
    public var machineID: String
    public var bootID: String

    public init(
        processors: Int, memory: Int, availableMemory: Int, disk: Int, availableDisk: Int, freeProcessNumbers: Int,
        architecture: String, kernelVersion: String, systemName: String, machineID: String, bootID: String
    ) {
        self.processors = processors
        self.memory = memory
        self.availableMemory = availableMemory
        self.disk = disk
        self.availableDisk = availableDisk
        self.freeProcessNumbers = freeProcessNumbers
        self.architecture = architecture
        self.kernelVersion = kernelVersion
        self.systemName = systemName
        self.machineID = machineID
        self.bootID = bootID
    }

    /// Reads them.
    ///
    /// - Parameter folder: on the file system whose size counts as the node's storage.
    public static func read(folder: String) -> MachineFacts {
        let meminfo = text("/proc/meminfo")
        func kibibytes(_ key: String) -> Int {
            for line in meminfo.split(separator: "\n") where line.hasPrefix(key + ":") {
                return Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
            }
            return 0
        }
        var disk = statvfs()
        let hasDisk = statvfs(folder, &disk) == 0 || statvfs("/", &disk) == 0
        let block = hasDisk ? Int(disk.f_frsize) : 0
        // The second field of the fourth word is the number of processes: `0.10 0.20 0.30 2/345 6789`.
        let processes =
            text("/proc/loadavg").split(separator: " ").dropFirst(3).first
            .flatMap { $0.split(separator: "/").last }.flatMap { Int($0) } ?? 0
        let limit = Int(line("/proc/sys/kernel/pid_max")) ?? 32_768
        var names = utsname()
        uname(&names)
        let machine = string(of: &names.machine)
        return MachineFacts(
            processors: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), memory: kibibytes("MemTotal") * 1024,
            availableMemory: kibibytes("MemAvailable") * 1024, disk: Int(disk.f_blocks) * block,
            availableDisk: Int(disk.f_bavail) * block, freeProcessNumbers: limit - processes,
            architecture: ["x86_64": "amd64", "aarch64": "arm64"][machine] ?? machine,
            kernelVersion: string(of: &names.release), systemName: systemName(), machineID: line("/etc/machine-id"),
            bootID: HostClock.bootID())
    }

    private static func text(_ path: String) -> String {
        String(decoding: (try? PodFiles.read(path, limit: 1 << 20)) ?? [], as: UTF8.self)
    }

    private static func line(_ path: String) -> String { String(text(path).prefix { $0 != "\n" }) }

    private static func systemName() -> String {
        for line in text("/etc/os-release").split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
            return String(line.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" })
        }
        return "Linux"
    }

    private static func string<T>(of field: inout T) -> String {
        withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
