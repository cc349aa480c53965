import Digests
import Enrolment
import Logging
import PeerTransport
import TLSTransport
import Wire

/// Decides at the agent's port who may enrol, who may talk, and what is talked about.
struct PeeringAcceptor: PeerAcceptor {
    let context: AgentContext
    let desk: EnrolmentDesk
    let conversation: HubConversation
    let refusals: CertificateRefusals

    func enrol(_ request: EnrollMessage, from caller: PeerCaller) async -> EnrolmentAnswer {
        await desk.enrol(request, from: caller)
    }

    func admit(_ caller: PeerCaller) async -> PeerAdmission {
        guard let record = await context.book.record(provedBy: caller.identity) else {
            context.logger.warning(
                "a peer was refused",
                metadata: [
                    LogKey.audit: "peer-refused", LogKey.hubID: "\(caller.clusterID)",
                    LogKey.address: "\(caller.address)",
                    LogKey.fingerprint: "\(caller.identity.map { Hex.encode($0.leaf.fingerprint) } ?? "")",
                ])
            return .refuse(
                ErrorMessage(
                    code: .notPeered,
                    message:
                        "\(context.configuration.clusterName) is not peered with cluster \(caller.clusterID); peer again"
                ))
        }
        return .accept(context.configuration.localPeer.hello(epoch: record.epoch))
    }

    func refused(_ error: TLSError, from address: String) { refusals.note(error, from: address) }

    func serve(_ connection: PeerConnection) async { await conversation.serve(connection) }
}
