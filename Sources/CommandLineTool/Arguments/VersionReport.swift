import JSONTree
import OffloadingModel

/// What `version` prints: as JSON `{"clientVersion": …, "serverVersion": …}`, the second only where a cluster was asked.
struct VersionReport: Sendable, Hashable {
    /// The daemon's version; `nil` where no cluster was asked.
    let server: String?

    func write(_ format: StatusFormat, to sink: any TextSink) {
        switch format {
        case .text:
            sink.write(
                "Client version: \(CausewayVersion.current)\n" + (server.map { "Server version: \($0)\n" } ?? ""))
        case .json:
            var json: JSON = ["clientVersion": .string(CausewayVersion.current)]
            json["serverVersion"] = server.map(JSON.string)
            sink.write(json.text(.pretty) + "\n")
        }
    }
}
