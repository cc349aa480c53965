import Digests
import Enrolment
import Logging
import PeerTransport
import TLSTransport
import Wire

/// Decides at the hub's port which edges may enrol and which may talk.
struct JoinAcceptor: PeerAcceptor {
    let context: HubContext
    let book: PeeringBook
    let desk: EnrolmentDesk
    let links: EdgeLinks
    let refusals: CertificateRefusals

    func enrol(_ request: EnrollMessage, from caller: PeerCaller) async -> EnrolmentAnswer {
        await desk.enrol(request, from: caller)
    }

    func admit(_ caller: PeerCaller) async -> PeerAdmission {
        guard let record = await book.record(provedBy: caller.identity) else {
            context.logger.warning(
                "an edge was refused",
                metadata: [
                    "audit": "peer-refused", "edge.id": "\(caller.clusterID)", "address": "\(caller.address)",
                    "fingerprint": "\(caller.identity.map { Hex.encode($0.leaf.fingerprint) } ?? "")",
                ])
            return .refuse(
                ErrorMessage(
                    code: .notPeered,
                    message:
                        "\(context.configuration.clusterName) is not peered with cluster \(caller.clusterID); join again"
                ))
        }
        if let refusal = await links.duplicateRefusal(of: caller) { return .refuse(refusal) }
        return .accept(context.configuration.localPeer.hello(epoch: record.epoch))
    }

    func refused(_ error: TLSError, from address: String) { refusals.note(error, from: address) }

    func serve(_ connection: PeerConnection) async { await links.serve(connection, desk) }
}
