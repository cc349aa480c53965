import Digests
import Glibc
import NIOCore
import NIOPosix
import PeerTransport
import Sessions
import TLSTransport
import Wire

/// Bytes through a stream of a peering beside the same bytes through libssl on blocking sockets: both ends in this process, a
/// thread for each, on loopback, with the same cipher.
struct FrameMeasurement {
    /// How many bytes go through each.
    let bytes: Int

    func run(_ report: inout BenchmarkReport) async throws {
        let authority = try CertificateAuthority.create(commonName: "bench", now: Int64(time(nil)))
        report.progress("Sending \(bytes >> 20) MiB through libssl and through frames")
        // In turn, so that what else the machine does meets both.
        var bare: [Double] = []
        var framed: [Double] = []
        var (bareTime, framedTime) = (0.0, 0.0)
        for _ in 0..<Self.rounds {
            let begun = try ProcessUsage(of: getpid()).processorSeconds
            bare.append(try BareLibssl.bytesPerSecond(bytes / Self.rounds, authority: authority))
            let middle = try ProcessUsage(of: getpid()).processorSeconds
            framed.append(try await throughFrames(bytes / Self.rounds, authority))
            bareTime += middle - begun
            framedTime += try ProcessUsage(of: getpid()).processorSeconds - middle
        }
        let (least, most) = (Self.median(framed), Self.median(bare))
        let gigabytes = Double(bytes) / 1e9
        report.add(
            Measurement(
                name: "bare libssl, 32 KiB a write", value: most / 1e6, unit: "MB/s",
                details: [.init(name: "CPU a GB", value: bareTime / gigabytes, unit: "s")]))
        report.add(
            Measurement(
                name: "stream frames of a peering", value: least / 1e6, unit: "MB/s",
                details: [
                    .init(name: "of bare libssl's", value: least / most, unit: ""),
                    .init(name: "CPU a GB", value: framedTime / gigabytes, unit: "s"),
                ]))
        report.add(
            Measurement(name: "frames beside bare libssl", value: least * 100 / most, unit: "%", goal: 80))
    }

    private static let rounds = 4

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    private func throughFrames(_ bytes: Int, _ authority: CertificateAuthority) async throws -> Double {
        let edge = FrameEdge()
        let identity = try authority.makeIdentity(.peerServer(clusterID: FrameEdge.clusterID), now: Int64(time(nil)))
        let context = try PeerTLS.listener(identity: identity, authorities: [authority.certificate]) { _ in false }
        let group = MultiThreadedEventLoopGroup.singleton
        let listener = try await PeerListener.bind(
            PeerAddress(host: "127.0.0.1", port: 0), tls: TLSContextBox(context), acceptor: edge, group: group,
            logger: .silent)
        let serving = Task { await listener.run() }
        defer { serving.cancel() }
        let dialler = PeerDialler(PeerAddress(host: "127.0.0.1", port: listener.port), group: group)
        let connection = try await dialler.connect(
            tls: try PeerTLS.dialler(
                identity: try authority.makeIdentity(
                    .peerClient(clusterID: FrameEdge.hubID), now: Int64(time(nil))),
                authorities: [authority.certificate], peerClusterID: FrameEdge.clusterID), hello: FrameEdge.hubHello)
        let events = Task { for await _ in connection.events {} }
        defer { events.cancel() }
        let stream = try await connection.openStream(kind: "bench")
        let piece = [UInt8](repeating: 120, count: 32 << 10)
        let begun = ContinuousClock.now
        for _ in 0..<(bytes / piece.count) { try await stream.write(piece) }
        stream.finish()
        // The other side ends its direction when it has read all.
        while try await stream.read() != nil {}
        let seconds = (ContinuousClock.now - begun) / .seconds(1)
        await connection.close()
        return Double(bytes) / seconds
    }
}

/// An edge that reads streams to their end.
private struct FrameEdge: PeerAcceptor {
    static let clusterID = "00000000-0000-4000-8000-00000000000e"
    static let hubID = "00000000-0000-4000-8000-00000000000a"
    static let hubHello = HelloMessage(
        softwareVersion: "bench", clusterID: hubID, clusterName: "hub", role: .hub, epoch: 1)

    func enrol(_ request: EnrollMessage, from caller: PeerCaller) async -> EnrolmentAnswer { .tokenRefused }

    func admit(_ caller: PeerCaller) async -> PeerAdmission {
        .accept(
            HelloMessage(
                softwareVersion: "bench", clusterID: Self.clusterID, clusterName: "edge", role: .agent, epoch: 1))
    }

    func serve(_ connection: PeerConnection) async {
        await withDiscardingTaskGroup { group in
            for await event in connection.events {
                guard case .streamRequested(let request) = event else { continue }
                group.addTask {
                    let stream = request.accept()
                    while (try? await stream.read()) != nil {}
                    stream.finish()
                }
            }
            group.cancelAll()
        }
    }
}
