import OffloadingModel
import Wire

/// What a pod's user is told of things that the pod uses and its edge does not have: what, why, and what to do.
///
/// Pure. Says nothing of what an object holds.
struct ReflectionReport {
    let namespace: String
    let edge: String
    /// Of the pod at the edge.
    let remoteNamespace: String
    /// What is known of an object at the origin.
    let finding: (ItemKey) -> ReferenceKeeper.Finding
    /// What the edge says of it; `nil` where it has said nothing.
    let observed: (ItemKey) -> ObservedObject?

    /// - Returns: a sentence for the pod's events; `nil` where there is nothing to say.
    func message(_ references: PodReferences) -> String? {
        var parts = references.objects.compactMap { part($0, isNeeded: references.needed.contains($0)) }
        parts += references.unsent.map(part)
        if let account = references.serviceAccount { parts.append(part(account: account)) }
        guard !parts.isEmpty else { return nil }
        return parts.prefix(8).joined(separator: "; ") + (parts.count > 8 ? "; and more" : "")
    }

    private func part(_ object: PodReferences.Object, isNeeded: Bool) -> String? {
        let key = object.key(in: namespace)
        let words = "\(object.kind.rawValue) \"\(object.name)\""
        switch finding(key) {
        case .unknown: return nil
        case .absent:
            guard isNeeded else { return nil }
            return "\(words) is not in namespace \(namespace): create it, the pod waits for it on edge \(edge)"
        case .kept(let why): return "\(words) does not go to edge \(edge): \(why); let the pod do without it"
        case .unreadable(let why): return "\(words) cannot be read: \(why)"
        case .present:
            guard let seen = observed(key), !seen.isReady else { return nil }
            return "\(words) is not on edge \(edge): \(seen.message.isEmpty ? seen.reason : seen.message)"
        }
    }

    private func part(_ thing: PodReferences.Unsent) -> String {
        switch thing {
        case .claim(let name):
            "PersistentVolumeClaim \"\(name)\" must be in namespace \(remoteNamespace) of edge \(edge): "
                + "storage does not go to edges; make a claim of that name there, or keep the pod at the origin"
        case .token(let volume):
            "volume \"\(volume)\" has no ServiceAccount token on edge \(edge): this cluster's tokens do not leave it; "
                + "give the pod a credential in a Secret"
        case .resourceClaim(let name):
            "resource claim \"\(name)\" must be satisfied by edge \(edge): claims do not go to edges"
        }
    }

    private func part(account: String) -> String {
        let seen = observed(PodReferences.Object(.serviceAccount, account).key(in: namespace))
        if let seen, !seen.isReady {
            return
                "ServiceAccount \"\(account)\" is not on edge \(edge): \(seen.message.isEmpty ? seen.reason : seen.message)"
        }
        return
            "the pod has no rights of ServiceAccount \"\(account)\" on edge \(edge), where an account of that name has none"
    }
}
