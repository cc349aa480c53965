import Foundation
import Testing

@testable import Daemon

@Suite("The settings in config/")
struct SampleSettingsTests {
    @Test("they are understood, and set every setting but those for other machines", arguments: ["hub", "agent"])
    func sample(name: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let settings = try DaemonSettings(file: root.appending(path: "config/\(name).yaml").path)
        let configuration = try settings.configuration()
        #expect(configuration.clusterLabels.keys.sorted() == ["topology.liqo.io/type"])
        #expect(configuration.runtime == .process)
        let unset: Set<String> =
            name == "hub"
            ? ["peer-listen", "peer-address", "share", "revoked-grace-period", "pod-security", "allowed-images"]
            : ["peer-address"]
        let otherCluster: Set<String> = [
            "kubeconfig", "context", "in-cluster", "node-listen", "webhook-listen", "webhook-url", "leader-elect",
        ]
        #expect(DaemonSettings.names.subtracting(settings.values.keys) == unset.union(otherCluster))
    }
}
