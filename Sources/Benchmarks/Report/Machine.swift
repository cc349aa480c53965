import Glibc

/// The machine that is measured on: figures mean nothing without it.
struct Machine: Sendable {
    let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let model: String
    let memoryBytes = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))

    init() {
        model =
            SystemFile.lines("/proc/cpuinfo").first { $0.hasPrefix("model name") }?
            .split(separator: ":", maxSplits: 1).last.map { String($0.drop { $0 == " " }) } ?? "unknown processor"
    }

    var description: String {
        "\(processors) × \(model), \((memoryBytes + (1 << 29)) >> 30) GB; the load comes from the same machine"
    }
}
