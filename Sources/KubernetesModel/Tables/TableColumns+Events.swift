import JSONTree

extension TableColumns {
    /// Of the core group's events, and of those of `events.k8s.io`, whose fields have other names.
    static let events = TableColumns([
        TableColumn("Last Seen"), TableColumn("Type"), TableColumn("Reason"), TableColumn("Object"),
        .wide("Subobject"), .wide("Source"), TableColumn("Message"), .wide("First Seen"), .wide("Count"),
        TableColumn("Name", format: "name", priority: 1),
    ]) { object, now in
        let json = object.json
        func time(_ value: JSON?) -> String? { value?.string.map { HumanDuration.since($0, now: now) } }
        let first =
            time(json["firstTimestamp"] ?? json["deprecatedFirstTimestamp"]) ?? time(json["eventTime"]) ?? "<unknown>"
        var last = time(json["lastTimestamp"] ?? json["deprecatedLastTimestamp"]) ?? first
        var count = json["count"]?.int ?? json["deprecatedCount"]?.int ?? 0
        if let series = json["series"], !series.isNull {
            last = time(series["lastObservedTime"]) ?? last
            count = series["count"]?.int ?? count
        } else if count == 0 {
            count = 1
        }
        let involved = json["involvedObject"] ?? json["regarding"]
        let kind = (involved?["kind"]?.string ?? "").lowercased()
        let name = involved?["name"]?.string ?? ""
        let message = json["message"]?.string ?? json["note"]?.string ?? ""
        return [
            .string(last), .string(json["type"]?.string ?? ""), .string(json["reason"]?.string ?? ""),
            .string(name.isEmpty ? kind : "\(kind)/\(name)"), .string(involved?["fieldPath"]?.string ?? ""),
            .string(eventSource(json)), .string(message.trimmed), .string(first), JSON(count), object.nameCell,
        ]
    }

    private static func eventSource(_ event: JSON) -> String {
        let source = event["source"] ?? event["deprecatedSource"]
        var component = source?["component"]?.string ?? ""
        var host = source?["host"]?.string ?? ""
        if component.isEmpty {
            component = event["reportingComponent"]?.string ?? event["reportingController"]?.string ?? ""
            host = event["reportingInstance"]?.string ?? ""
        }
        return host.isEmpty ? component : "\(component), \(host)"
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        let tail = drop(while: \.isWhitespace)
        guard let last = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(tail[...last])
    }
}
