public import ClusterAPI
import JSONTree
import KubernetesModel
public import OffloadingModel

/// What lets a daemon at the ConfigMaps and Secrets of single namespaces: a RoleBinding there, made when it is needed.
///
/// The rights themselves are a ClusterRole of the installation that is bound nowhere else (``AccessRule``), so that no daemon
/// can read every Secret of its cluster, and `kubectl get rolebindings --all-namespaces` shows which it can. Where nobody
/// refuses anything (an embedded cluster, an administrator's kubeconfig) nothing is ever made.
public struct NamespaceAccess: Sendable {
    private let cluster: any ClusterAPI
    private let account: String

    /// - Parameter role: whose daemon: the account is `causeway-hub` or `causeway-agent`.
    public init(_ cluster: any ClusterAPI, _ role: ClusterInfo.Role) {
        self.cluster = cluster
        account = "causeway-\(role.rawValue)"
    }

    /// The name of the ClusterRole, and of the RoleBindings to it.
    public var name: String { Self.name(account) }

    /// The same for the account of an installation.
    package static func name(_ account: String) -> String { "\(account)-references" }

    /// Lets the daemon at what the role names in a namespace. Where it is let already, nothing happens.
    ///
    /// - Throws: what the cluster throws, such as a refusal where an operator makes these bindings himself.
    public func grant(in namespace: String) async throws {
        let binding = KubernetesObject(
            .roleBindings, name: name, namespace: namespace,
            [
                "metadata": ["labels": [Names.partOfLabel: .string(Names.partOfValue)]],
                "roleRef": [
                    "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": .string(name),
                ],
                "subjects": [
                    [
                        "kind": "ServiceAccount", "name": .string(account),
                        "namespace": .string(Names.systemNamespace),
                    ]
                ],
            ])
        do {
            _ = try await cluster.create(.roleBindings, binding)
        } catch let error as APIError where error.isAlreadyExists {
            return
        }
    }

    /// Takes back what ``grant(in:)`` gave; where nothing was given, nothing happens.
    public func withdraw(from namespace: String) async throws {
        do {
            try await cluster.deleteIfPresent(.roleBindings, namespace: namespace, name: name)
        } catch let error as APIError where error.code == 403 || error.code == 405 {
            // They are an operator's to make and to remove, or the cluster knows no such thing.
            return
        }
    }

    /// What an operator does where the daemon may not.
    public func remedy(in namespace: String) -> String {
        "kubectl create rolebinding \(name) -n \(namespace) --clusterrole=\(name) "
            + "--serviceaccount=\(Names.systemNamespace):\(account)"
    }
}
