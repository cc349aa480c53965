import Glibc

/// The bytes of an IP address in network order: 4 or 16.
struct IPAddressBytes: Sendable, Hashable {
    let bytes: [UInt8]

    /// - Returns: `nil` where the text is no IPv4 or IPv6 address, such as a name. A zone (`%eth0`) is left out.
    init?(_ text: String) {
        let plain = String(text.prefix { $0 != "%" })
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, plain, &bytes) == 1 {
                self.bytes = bytes
                return
            }
        }
        return nil
    }
}
