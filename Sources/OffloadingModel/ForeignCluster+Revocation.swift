public import JSONTree
import KubernetesModel

extension ForeignCluster {
    /// The directions in which this cluster is dialled, and so has issued the other's certificates.
    public var issuing: Set<PeeringDirection> {
        var directions: Set<PeeringDirection> = []
        if isEdge, authURL.isEmpty { directions.insert(.outgoing) }
        if isHub, hubURL.isEmpty { directions.insert(.incoming) }
        return directions
    }

    /// The directions whose certificates are to be revoked: those that the annotation names, else all that this cluster has
    /// issued. Where it has issued none, every direction, so that somebody says so.
    public var revocationsAsked: Set<PeeringDirection> {
        guard let value = object.annotation(Names.revokeAnnotation) else { return [] }
        let named = Set(value.split(separator: ",").compactMap { PeeringDirection(rawValue: String($0)) })
        if !named.isEmpty { return named }
        guard issuing.isEmpty else { return issuing }
        return Set([isEdge ? .outgoing : nil, isHub || !isEdge ? .incoming : nil].compactMap { $0 })
    }

    /// The merge patch that takes a direction out of what is asked; the annotation goes with the last one.
    public func revoked(_ direction: PeeringDirection) -> JSON {
        let left = revocationsAsked.subtracting([direction]).map(\.rawValue).sorted()
        let value: JSON = left.isEmpty ? .null : .string(left.joined(separator: ","))
        return ["metadata": ["annotations": [Names.revokeAnnotation: value]]]
    }
}
