import JSONTree
import KubernetesModel
import NIOCore
import NIOEmbedded
import OffloadingModel
import PeerTransport
import Sessions
import TLSTransport
import Wire

/// What peers send, and the people who carry their tokens.
enum PeerDecoders {
    /// Little, so that limits are met by short inputs.
    private static let limits = FrameLimits.standard

    static func wire(_ bytes: [UInt8]) {
        let channel = EmbeddedChannel(handler: PeerCodecHandler(limits: limits, deflateThreshold: 1024))
        var rest = bytes[...]
        while let first = rest.first {
            let piece = rest.prefix(Int(first) * 7 + 1)
            rest = rest.dropFirst(piece.count)
            _ = try? channel.writeInbound(ByteBuffer(bytes: piece))
        }
        _ = try? channel.finish()
    }

    static func frames(_ bytes: [UInt8]) {
        var whole: [Frame] = []
        var atOnce = FrameDecoder(limits: limits)
        let error = failure { () throws(FrameError) in try atOnce.decode(bytes, into: &whole) }
        var pieces: [Frame] = []
        var oneByOne = FrameDecoder(limits: limits)
        let other = failure { () throws(FrameError) in
            for byte in bytes { try oneByOne.decode(CollectionOfOne(byte), into: &pieces) }
        }
        precondition(whole == pieces, "frames depend on the pieces in which they come")
        precondition((error == nil) == (other == nil), "errors depend on the pieces in which frames come")
    }

    private static func failure(_ body: () throws(FrameError) -> Void) -> FrameError? {
        do {
            try body()
            return nil
        } catch {
            return error
        }
    }

    static func deflate(_ bytes: [UInt8]) {
        let limit = 1 << 16
        guard let stream = try? InflateStream() else { return }
        for half in [bytes.prefix(bytes.count / 2), bytes.suffix(from: bytes.count / 2)] {
            guard let output = try? stream.inflated(Array(half), limit: limit) else { return }
            precondition(output.count <= limit, "more came out than the limit allows")
        }
    }

    static func message(_ bytes: [UInt8]) {
        guard let message = try? Message(parsing: bytes) else { return }
        let again = try? Message(parsing: message.encoded)
        precondition(again == message, "a message that was read is not written as it was")
    }

    /// What both sides look at in objects that the other one has written.
    static func object(_ bytes: [UInt8]) {
        guard let value = try? JSON(parsing: bytes) else { return }
        let object = KubernetesObject(value)
        _ = (object.labels, object.annotations, object.isBeingDeleted, object.ownerReferences)
        let references = PodReferences(object)
        _ = (references.all, PodReferences.tokenVolumes(of: object.spec))
        _ = (PodRequests.total(of: object), KubernetesObject.isFinishedPod(status: object.status))
        for kind in ReflectedKind.allCases {
            let fields = kind.fields(of: value)
            precondition(
                kind.fields(of: fields) == fields, "what an object has at an edge depends on how often it is asked")
            _ = (kind.objection(to: value, name: object.name), kind.isSame(value, as: fields))
        }
    }

    static func token(_ bytes: [UInt8]) {
        guard let token = try? PeerToken(parsing: String(decoding: bytes, as: UTF8.self)) else { return }
        precondition((try? PeerToken(parsing: token.text))?.text == token.text, "a token is not written as it was read")
    }

    static func certificate(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = try? Certificate(der: bytes)
        _ = try? Certificate(pem: text)
        _ = try? Certificate.chain(pem: text)
        _ = try? CertificateRequest(der: bytes)
        _ = try? CertificateRequest(pem: text)
    }
}
