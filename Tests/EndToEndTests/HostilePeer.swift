import NIOPosix
import PeerTransport
import Sessions
import TLSTransport
import TestKit
import Wire

/// A peer with a certificate of a real daemon, which says what no honest one would.
struct HostilePeer: Sendable {
    private let port: Int
    private let role: PeerRole
    private let enrolment: PeerEnrolment

    private static let id = "0f0f0f0f-0000-4000-8000-000000000000"

    /// Enrols with what `causewayctl generate` has printed: the token of a peer or a join command.
    ///
    /// - Parameter role: what it says it is.
    static func enrol(_ line: String, as role: PeerRole) async throws -> HostilePeer {
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        func value(_ flag: String) throws -> String {
            guard let place = words.firstIndex(of: flag), place + 1 < words.count else {
                throw NotUnderstood(line: words.prefix(6).joined(separator: " "))
            }
            return words[place + 1]
        }
        guard let address = PeerAddress(try value("--auth-url")) else { throw NotUnderstood(line: words[0]) }
        let dialler = PeerDialler(address, group: MultiThreadedEventLoopGroup.singleton)
        let enrolment = try await dialler.enrol(
            try PeerToken(parsing: value("--auth-token")), clusterID: id, clusterName: "mallory", role: role,
            peerClusterID: nil)
        return HostilePeer(port: address.port, role: role, enrolment: enrolment)
    }

    struct NotUnderstood: Error { let line: String }

    /// TLS without a certificate, as for an enrolment.
    func anonymous() throws -> TLSContextBox {
        let pin = enrolment.authorities.first?.subjectPublicKeyInfoSHA256 ?? []
        return TLSContextBox(try PeerTLS.enrolment(authorityPin: pin, peerClusterID: nil))
    }

    /// A TCP connection, or one of TLS that has proved nothing.
    func stranger(_ tls: TLSContextBox? = nil, from address: String = "127.0.0.1") async throws -> RawConnection {
        try await RawConnection.connect(port: port, tls: tls, from: address)
    }

    /// A connection on which both sides have said hello: whatever comes next is taken for an admitted peer's.
    func session() async throws -> RawConnection {
        let tls = TLSContextBox(
            try PeerTLS.dialler(
                identity: enrolment.identity, authorities: enrolment.authorities, peerClusterID: enrolment.clusterID))
        let connection = try await RawConnection.connect(port: port, tls: tls)
        let hello = HelloMessage(
            softwareVersion: "1", clusterID: Self.id, clusterName: "mallory", role: role,
            epoch: role == .hub ? 1_900_000_000 : 0)
        try await connection.send(bytes: Self.frame(.hello(hello)))
        try await eventually("the daemon says hello") {
            Self.messages(try await connection.bytes()).contains { if case .hello = $0 { true } else { false } }
        }
        return connection
    }

    /// A session in which the daemon has said what it holds: now it takes changes. Right after an enrolment it may ask to try
    /// again.
    func served() async throws -> RawConnection {
        try await eventually("the daemon says what it holds") {
            let connection = try await session()
            // A session stands once both have agreed, and this is how a peer shows it.
            try await connection.send(bytes: Self.frame(.ping(PingMessage(id: 1))))
            let hasBegun = try await eventually("it says anything") { () -> Bool? in
                let types = Self.messages(try await connection.bytes()).map(\.type)
                if types.contains(DigestMessage.type) { return true }
                return connection.isClosed ? false : nil
            }
            return hasBegun ? connection : nil
        }
    }

    static func frame(_ message: Message) throws -> [UInt8] { try Frame(.message, message.encoded).encoded() }

    /// The messages that were not deflated.
    static func messages(_ bytes: [UInt8]) -> [Message] {
        var decoder = FrameDecoder()
        var frames: [Frame] = []
        try? decoder.decode(bytes, into: &frames)
        return frames.filter { $0.kind == .message }.compactMap { try? Message(parsing: $0.payload) }
    }

    /// What the daemon says last to a peer that it shuts out.
    static func lastError(_ connection: RawConnection) async throws -> ErrorMessage.Code? {
        for message in messages(try await connection.bytes()).reversed() {
            if case .error(let error) = message { return error.code }
        }
        return nil
    }

    /// Waits until the daemon has taken a message of changes over, or has shut the peer out.
    static func acknowledged(_ connection: RawConnection, _ sequence: Int) async throws {
        try await eventually("changes are acknowledged", within: .seconds(60)) {
            guard !connection.isClosed else { return true }
            return messages(try await connection.bytes()).contains { message in
                if case .acknowledge(let answer) = message { answer.sequence >= sequence } else { false }
            }
        }
    }
}
