public import PodHost

/// The addresses of a cluster's pod network: the first is the gateway's, the others are the pods'.
public struct AddressPool: Sendable, Hashable {
    public let prefixLength: Int
    private let base: UInt32
    private var used: Set<UInt32> = []
    /// Where the search goes on, so that an address rests as long as possible before it is given out again.
    private var next: UInt32

    /// - Parameter cidr: such as `10.202.0.0/16`; the prefix 8 to 29 bits long.
    public init(cidr: String) throws(PodRuntimeError) {
        let parts = cidr.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let length = Int(parts[1]),
            (8...29).contains(length), address.number & ((UInt32(1) << (32 - length)) - 1) == 0
        else {
            throw PodRuntimeError(
                .configuration,
                "the pod CIDR \"\(cidr)\" is no IPv4 network with a prefix of 8 to 29 bits, such as 10.202.0.0/16")
        }
        base = address.number
        prefixLength = length
        next = base + 2
    }

    public var gateway: IPv4Address { IPv4Address(number: base + 1) }
    private var end: UInt32 { base + (UInt32(1) << (32 - prefixLength)) - 1 }

    /// Takes a free address; `nil` where none is left.
    public mutating func take() -> IPv4Address? {
        let count = end - (base + 2)
        for _ in 0..<count {
            let candidate = next
            next = next + 1 >= end ? base + 2 : next + 1
            if used.insert(candidate).inserted { return IPv4Address(number: candidate) }
        }
        return nil
    }

    /// Marks an address that a pod has already.
    public mutating func reserve(_ address: IPv4Address) {
        guard address.number > base + 1, address.number < end else { return }
        used.insert(address.number)
        if address.number >= next { next = address.number + 1 >= end ? base + 2 : address.number + 1 }
    }

    public mutating func release(_ address: IPv4Address) { used.remove(address.number) }
}
