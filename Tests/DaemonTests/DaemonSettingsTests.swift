import Testing

@testable import Daemon

@Suite("Settings of a daemon")
struct DaemonSettingsTests {
    private let minimum = "state: /tmp/x\ncluster-name: rome\n"

    @Test("a file sets what the flags set")
    func file() throws {
        let settings = try DaemonSettings(
            yaml: minimum
                + "cluster-labels:\n  topology.liqo.io/type: destination\nlocal-nodes: 3\nscheduling-seed: 18446744073709551615\napi-listen: '[::1]:6443'\n",
            file: "a.yaml")
        let configuration = try settings.configuration()
        #expect(configuration.clusterName == "rome")
        #expect(configuration.clusterLabels == ["topology.liqo.io/type": "destination"])
        #expect(configuration.localNodes == 3)
        #expect(configuration.schedulingSeed == .max)
        #expect(configuration.apiListen == ListenAddress(host: "::1", port: 6443))
    }

    @Test(
        "what is not understood is refused with file, line and name",
        arguments: [
            ("colour: red\n", "a.yaml:3: unknown setting \"colour\""),
            ("local-nodes: many\n", "a.yaml:3: local-nodes: "),
            ("runtime: docker\n", "a.yaml:3: runtime: "), ("api-listen: here\n", "a.yaml:3: api-listen: "),
            ("cluster-labels: a\n", "a.yaml:3: cluster-labels: "),
            ("pod-cidr: [a]\n", "a.yaml:3: pod-cidr: expected one value"),
            ("log-level: loud\n", "a.yaml:3: log-level: "),
            ("scheduling-seed: -1\n", "a.yaml:3: scheduling-seed: "),
        ])
    func refused(_ line: String, _ message: String) {
        #expect {
            _ = try DaemonSettings(yaml: minimum + line, file: "a.yaml").configuration()
        } throws: { "\($0)".hasPrefix(message) }
    }

    @Test("what is missing is asked for")
    func missing() {
        #expect { try DaemonSettings().configuration() } throws: { "\($0)".hasPrefix("--state is missing") }
        #expect {
            try DaemonSettings(yaml: "state: /tmp/x\ncluster-name: No_Good\n", file: "a.yaml").configuration()
        } throws: { "\($0)".hasPrefix("a.yaml:2: cluster-name: ") }
    }

    @Test(
        "addresses are read",
        arguments: [("127.0.0.1:0", "127.0.0.1:0"), ("[::]:6443", "[::]:6443"), ("a.example:1", "a.example:1")])
    func addresses(_ text: String, _ same: String) {
        #expect(ListenAddress(text)?.description == same)
        for bad in ["", "a", "a:", ":1", "a:65536", "::1:1"] { #expect(ListenAddress(bad) == nil) }
    }
}
