public import KubernetesModel

/// Which resources a cluster serves at the moment: what namespace deletion and garbage collection have to look at.
///
/// Conforming types answer from memory. The answer changes when custom resource definitions come and go; the controllers
/// ask again whenever one of those changes.
public protocol ServedTypes: Sendable {
    /// One entry a resource, in its preferred version; only resources that can be listed, watched and deleted.
    func resourceTypes() async -> [ResourceType]
}

/// A list that never changes.
public struct FixedTypes: ServedTypes {
    private let types: [ResourceType]

    public init(_ types: [ResourceType]) { self.types = types }

    public func resourceTypes() async -> [ResourceType] { types }
}
