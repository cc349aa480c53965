/// What an address counts as where connections or guesses are limited by address.
///
/// One subscriber has a whole /64 of IPv6 addresses, so these count together; an IPv4 address counts alone, also where it comes
/// over an IPv6 socket.
public struct CallerNetwork: Sendable, Hashable {
    private static let mappedIPv4: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    private let bytes: [UInt8]

    /// - Parameter address: as text; whatever is no IP address counts as one and the same.
    public init(_ address: String) {
        let whole = IPAddressBytes(address)?.bytes ?? []
        if whole.starts(with: Self.mappedIPv4) {
            bytes = Array(whole.dropFirst(Self.mappedIPv4.count))
        } else {
            bytes = Array(whole.prefix(whole.count == 16 ? 8 : 4))
        }
    }
}
