/// An IPv4 address.
public struct IPv4Address: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The address as a number, most significant byte first in the text.
    public var number: UInt32

    public init(number: UInt32) { self.number = number }

    /// Reads the dotted form, four decimal numbers without leading zeros; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        number = 0
        for part in parts {
            guard let byte = UInt8(part), String(byte) == part else { return nil }
            number = number << 8 | UInt32(byte)
        }
    }

    public var bytes: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }
    public var description: String { bytes.map(String.init).joined(separator: ".") }

    /// The highest address that shares the first `prefixLength` bits.
    public func last(ofPrefix prefixLength: Int) -> IPv4Address {
        IPv4Address(number: number | (prefixLength == 0 ? .max : (UInt32(1) << (32 - prefixLength)) - 1))
    }

    /// A hardware address that belongs to this address alone, so that one given out again never meets a stale cache entry.
    public var hardwareAddress: [UInt8] { [0x02, 0xC0] + bytes }

    public static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.number < right.number }
}
