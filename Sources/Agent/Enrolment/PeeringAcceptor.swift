import Enrolment
import Logging
import PeerTransport
import Wire

/// Decides at the agent's port who may enrol, who may talk, and what is talked about.
struct PeeringAcceptor: PeerAcceptor {
    let context: AgentContext
    let desk: EnrolmentDesk
    let conversation: HubConversation

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

    func serve(_ connection: PeerConnection) async { await conversation.serve(connection) }
}
