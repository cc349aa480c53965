public import ClusterAPI
import JSONTree
import KubernetesModel

/// What every `ClusterAPI` must do, whoever serves it: run against the embedded cluster in the process and over HTTP.
///
/// Each check works in a namespace of its own and throws a `ContractBroken` that says which promise was not kept.
public struct ClusterAPIContract: Sendable {
    /// One promise with its check.
    public struct Promise: Sendable, CustomStringConvertible {
        public let description: String
        let check: @Sendable (any ClusterAPI, _ namespace: String) async throws -> Void
    }

    private let api: any ClusterAPI
    private let hasServiceAccounts: Bool

    /// - Parameter hasServiceAccounts: whether the cluster takes pods only once its controllers have given the namespace its
    ///   service account.
    public init(_ api: any ClusterAPI, hasServiceAccounts: Bool = false) {
        self.api = api
        self.hasServiceAccounts = hasServiceAccounts
    }

    /// Checks one promise.
    public func check(_ promise: Promise) async throws {
        let name = "contract-\(Int.random(in: 0..<Int.max))"
        _ = try await api.create(.namespaces, KubernetesObject(.namespaces, name: name))
        do {
            if hasServiceAccounts { try await waitForServiceAccount(name) }
            try await promise.check(api, name)
        } catch {
            try? await api.delete(.namespaces, namespace: nil, name: name, DeleteOptions())
            throw error
        }
        try await api.delete(.namespaces, namespace: nil, name: name, DeleteOptions())
    }

    private func waitForServiceAccount(_ namespace: String) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await api.find(.serviceAccounts, namespace: namespace, name: "default") == nil {
            guard ContinuousClock.now < deadline else {
                throw ContractBroken(description: "the namespace has no service account after 30 s")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// All promises, for a parameterised test.
    public static let promises: [Promise] = reading + writing + deleting + watching
}

/// A promise of `ClusterAPI` that was not kept.
public struct ContractBroken: Error, CustomStringConvertible {
    public let description: String
}

func promise(_ condition: Bool, _ what: String) throws {
    guard condition else { throw ContractBroken(description: what) }
}

/// The `APIError` that the body must throw.
func refusal(_ what: String, _ body: () async throws -> Void) async throws -> APIError {
    do {
        try await body()
    } catch let error as APIError {
        return error
    }
    throw ContractBroken(description: "not refused: \(what)")
}

func configMap(_ name: String, _ namespace: String, _ value: String = "1", labels: JSON = [:]) -> KubernetesObject {
    KubernetesObject(
        .configMaps, name: name, namespace: namespace,
        ["metadata": ["labels": labels], "data": ["v": .string(value)]])
}
