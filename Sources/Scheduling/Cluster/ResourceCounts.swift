public import KubernetesModel

/// Amounts as the scheduler reckons with them: whole thousandths of CPUs, bytes, and pieces.
///
/// Arithmetic wraps as Go's does in kube-scheduler; amounts that could make it wrap are beyond any real machine.
public struct ResourceCounts: Sendable, Hashable {
    /// Thousandths of a CPU.
    public var milliCPU = 0
    /// Bytes.
    public var memory = 0
    /// Bytes.
    public var ephemeralStorage = 0
    /// Extended resources and huge pages, by name.
    public var others: [String: Int] = [:]

    public init(milliCPU: Int = 0, memory: Int = 0, ephemeralStorage: Int = 0, others: [String: Int] = [:]) {
        self.milliCPU = milliCPU
        self.memory = memory
        self.ephemeralStorage = ephemeralStorage
        self.others = others
    }

    /// Rounds every amount up; `pods` is left out, since it is counted, not requested.
    public init(_ amounts: ResourceAmounts) {
        for (name, amount) in amounts {
            switch name {
            case "cpu": milliCPU = amount.milliValue
            case "memory": memory = amount.value
            case "ephemeral-storage": ephemeralStorage = amount.value
            case "pods": break
            default: others[name] = amount.value
            }
        }
    }

    /// Whether nothing is asked for.
    public var isZero: Bool {
        milliCPU == 0 && memory == 0 && ephemeralStorage == 0 && others.values.allSatisfy { $0 == 0 }
    }

    public static func += (left: inout ResourceCounts, right: ResourceCounts) {
        left.milliCPU &+= right.milliCPU
        left.memory &+= right.memory
        left.ephemeralStorage &+= right.ephemeralStorage
        for (name, amount) in right.others { left.others[name, default: 0] &+= amount }
    }

    public static func -= (left: inout ResourceCounts, right: ResourceCounts) {
        left.milliCPU &-= right.milliCPU
        left.memory &-= right.memory
        left.ephemeralStorage &-= right.ephemeralStorage
        for (name, amount) in right.others { left.others[name, default: 0] &-= amount }
    }
}
