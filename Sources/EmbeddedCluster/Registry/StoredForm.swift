import JSONTree
import KubernetesModel

/// How the objects of a resource are stored that are those of another resource in other words.
struct StoredForm: Sendable {
    /// The resource under which they are stored.
    let type: ResourceType
    let fromStored: @Sendable (JSON) -> JSON
    let toStored: @Sendable (JSON) -> JSON

    /// The events of `events.k8s.io` are the core group's (`events/v1` and `core/v1` conversion).
    static let coreEvents = StoredForm(
        type: .coreEvents,
        fromStored: { renamed($0, as: .events, eventNames) },
        toStored: { event in
            var event = renamed(event, as: .coreEvents, eventNames.map { ($0.1, $0.0) })
            // The core group asks for what the other has only to stay compatible.
            if event["source"] == nil { event["source"] = .object(JSONObject()) }
            return event
        })

    /// What differs: the core group's name, then that of `events.k8s.io`.
    private static let eventNames = [
        ("involvedObject", "regarding"), ("message", "note"), ("reportingComponent", "reportingController"),
        ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"),
    ]

    private static func renamed(_ json: JSON, as type: ResourceType, _ names: [(String, String)]) -> JSON {
        var json = json
        json["apiVersion"] = .string(type.apiVersion)
        for (old, new) in names {
            guard let value = json[old] else { continue }
            json[old] = nil
            json[new] = value
        }
        return json
    }
}
