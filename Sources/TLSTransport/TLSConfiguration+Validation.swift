import Digests
import NIOCore

extension TLSConfiguration {
    /// - Throws: ``TLSError/Code/invalidInput`` naming the part that is missing or does not fit, and what to give.
    func validate() throws(TLSError) {
        switch role {
        case .server:
            guard identity != nil else {
                throw TLSError(.invalidInput, "a TLS server needs an identity: a certificate and its key")
            }
            guard clientAuthentication == .none || trust != nil else {
                throw TLSError(
                    .invalidInput, "a TLS server that asks for client certificates needs to know whom to trust")
            }
            guard serverName == nil else {
                throw TLSError(.invalidInput, "serverName is for TLS clients; a server's names are in its certificate")
            }
        case .client:
            guard trust != nil else {
                throw TLSError(
                    .invalidInput, "a TLS client needs to know whom to trust: certificates, a pin or the system")
            }
        }
        try validateTrust()
        if let serverName { try Self.validate(serverName: serverName) }
        guard handshakeTimeout > .zero, shutdownTimeout > .zero else {
            throw TLSError(.invalidInput, "the timeouts of TLS must be positive")
        }
    }

    private func validateTrust() throws(TLSError) {
        switch trust {
        case .certificates(let certificates):
            guard !certificates.isEmpty else {
                throw TLSError(.invalidInput, "the list of trusted certificates is empty; give at least one authority")
            }
        case .pinnedAuthority(let hash):
            guard hash.count == Digests.SHA256.byteCount else {
                throw TLSError(.invalidInput, "a pin is a SHA-256 of 32 bytes and this one has \(hash.count)")
            }
        case .system:
            guard role == .server || serverName != nil else {
                throw TLSError(
                    .invalidInput,
                    "anyone can have a certificate of a public authority: give the server's name to check")
            }
        case nil:
            break
        }
    }

    private static func validate(serverName: String) throws(TLSError) {
        guard IPAddressText.bytes(of: serverName) == nil else { return }
        let name = serverName.hasSuffix(".") ? serverName.dropLast() : serverName[...]
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default:
                        false
                    }
                }
        }
        guard isName, serverName.utf8.count <= 253 else {
            throw TLSError(
                .invalidInput,
                "“\(serverName)” is neither a DNS name nor an IP address; give it without port and brackets")
        }
    }
}
