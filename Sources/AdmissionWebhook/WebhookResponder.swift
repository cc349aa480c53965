import ClusterAPI
import ClusterBootstrap
import HTTPTransport
import JSONTree
public import KubernetesModel
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// What is done with a pod on its way into a namespace: changes it in place.
public typealias PodAdmitter = @Sendable (_ pod: inout KubernetesObject, _ namespace: String) async throws -> Void

/// Answers an API server's questions about pods.
///
/// An answer is always a yes. What cannot be decided is either none of ours (the API server goes on without us, and the hub
/// adopts the pod later) or a fault in the offloading, which its status tells and the pod's creator is warned of.
final class WebhookResponder: HTTPResponder {
    /// Each question is a read of the cluster: more at once than an API server sends in earnest are a flood.
    private static let mostAtOnce = 256

    private let admit: PodAdmitter
    private let logger: Logger
    private let busy = Atomic(0)

    init(logger: Logger, admit: @escaping PodAdmitter) {
        self.admit = admit
        self.logger = logger
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        switch (request.method, request.path) {
        case (.GET, "/healthz"): return .text(.ok, "ok")
        case (.POST, WebhookManifest.path): break
        default: return .text(.notFound, "404 page not found")
        }
        guard busy.add(1, ordering: .relaxed).newValue <= Self.mostAtOnce else {
            busy.subtract(1, ordering: .relaxed)
            return .text(.tooManyRequests, "too many pods at once")
        }
        defer { busy.subtract(1, ordering: .relaxed) }
        let review: AdmissionReview
        do {
            review = try AdmissionReview(parsing: request.body.readableBytesView)
        } catch {
            return .text(.badRequest, "\(error)")
        }
        guard var pod = review.pod else { return Self.answer(review.admitted(as: nil)) }
        do {
            try await admit(&pod, review.namespace)
            return Self.answer(review.admitted(as: pod))
        } catch let error as JSONError {
            return Self.answer(
                review.admittedUnchanged("the pod was not prepared for its offloaded namespace: \(error)"))
        } catch {
            logger.warning(
                "a pod was not admitted: it will be adopted",
                metadata: ["namespace": "\(review.namespace)", "error": "\(error)"])
            return .text(.serviceUnavailable, "the cluster does not answer")
        }
    }

    private static func answer(_ json: JSON) -> HTTPResponse {
        HTTPResponse(
            status: .ok, headers: ["Content-Type": "application/json"],
            body: .bytes(ByteBuffer(bytes: json.encoded())))
    }
}
