import NIOCore
import NIOPosix
import PeerTransport

/// The edge's own end of probes: an echo on the pod network's gateway address, and connections to it.
///
/// That a probe is answered means that the address is there and takes connections. On loopback where there is no gateway.
actor PodNetworkProbe {
    private let host: String
    private let group: any EventLoopGroup
    private var listener: (any Channel)?

    /// - Parameter gateway: the edge's address in the pod network; empty for loopback.
    init(gateway: String, group: any EventLoopGroup) {
        host = gateway.isEmpty ? "127.0.0.1" : gateway
        self.group = group
    }

    /// Connects to the echo; starts it first where it does not run, as the network may come up later than the agent.
    func connect() async throws -> Connection {
        let port = try await echo()
        let channel = try await ClientBootstrap(group: group).connectTimeout(.seconds(2))
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        // The echo ends when it has sent everything back.
                        configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return Connection(channel: channel)
    }

    /// Ends the echo.
    func close() async {
        try? await listener?.close()
        listener = nil
    }

    /// The port of the running echo.
    private func echo() async throws -> Int {
        if let listener, listener.isActive, let port = listener.localAddress?.port { return port }
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(EchoHandler()) }
            }
            .bind(host: host, port: 0).get()
        // Two first probes at once may have bound two; one is enough.
        if let listener, listener.isActive, let port = listener.localAddress?.port {
            try await channel.close()
            return port
        }
        listener = channel
        return channel.localAddress?.port ?? 0
    }

    /// One connection to the echo.
    struct Connection: Sendable {
        fileprivate let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

        /// Carries bytes both ways until the stream ends.
        ///
        /// - Parameter answered: called for each piece that came back.
        func relay(_ stream: PeerStream, answered: @escaping @Sendable () -> Void) async throws {
            try await channel.executeThenClose { inbound, outbound in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        while let bytes = try await stream.read() {
                            try await outbound.write(ByteBuffer(bytes: bytes))
                        }
                        outbound.finish()
                    }
                    for try await bytes in inbound {
                        try await stream.write(bytes.readableBytesView)
                        answered()
                    }
                    group.cancelAll()
                }
            }
            stream.finish()
        }
    }
}
