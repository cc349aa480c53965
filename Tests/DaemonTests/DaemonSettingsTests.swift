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
            ("revoked-grace-period: 1d\n", "a.yaml:3: revoked-grace-period: \"1d\" is not a time"),
            ("revoked-grace-period: 0s\n", "a.yaml:3: revoked-grace-period: "),
            ("revoked-grace-period: 8761h\n", "a.yaml:3: revoked-grace-period: "),
        ])
    func refused(_ line: String, _ message: String) {
        #expect {
            _ = try DaemonSettings(yaml: minimum + line, file: "a.yaml").configuration()
        } throws: { "\($0)".hasPrefix(message) }
    }

    @Test("how long revoked peerings wait is a day, or what is set")
    func revokedGracePeriod() throws {
        func period(_ line: String) throws -> Duration {
            try DaemonSettings(yaml: minimum + line, file: "a.yaml").configuration().revokedGracePeriod
        }
        #expect(try period("") == .seconds(86_400))
        #expect(try period("revoked-grace-period: 1h30m\n") == .seconds(5400))
        #expect(try period("revoked-grace-period: 8760h\n") == .seconds(365 * 86_400))
    }

    @Test("a kubeconfig or a service account names a real cluster, whose pods' network is not assumed")
    func realCluster() throws {
        func access(_ lines: String) throws -> DaemonConfiguration.ClusterAccess? {
            try DaemonSettings(yaml: minimum + lines, file: "a.yaml").configuration().access
        }
        #expect(try access("") == nil)
        #expect(try access("kubeconfig: /k\n") == .kubeconfig("/k", context: nil))
        #expect(try access("kubeconfig: /k\ncontext: c\n") == .kubeconfig("/k", context: "c"))
        #expect(try access("in-cluster: true\n") == .serviceAccount)
        #expect(try access("in-cluster: false\n") == nil)
        let settings = try DaemonSettings(yaml: minimum + "in-cluster: true\n", file: "a.yaml")
        #expect(try settings.configuration().podCIDR.isEmpty)
    }

    @Test("where a hub answers for its nodes may be an IPv6 address, and brackets may stand around any")
    func nodeListen() throws {
        func address(_ text: String) throws -> ListenAddress {
            try DaemonSettings(yaml: minimum + "in-cluster: true\nnode-listen: \"\(text)\"\n", file: "a.yaml")
                .configuration()
                .nodeListen
        }
        #expect(try address("[fd00::7]:10250") == ListenAddress(host: "fd00::7", port: 10250))
        #expect(try address("[10.0.0.7]:10250") == ListenAddress(host: "10.0.0.7", port: 10250))
        for nowhere in ["fd00::7:10250", "[::]:10250", "[0.0.0.0]:10250", "[]:10250"] {
            #expect(throws: DaemonError.self) { try address(nowhere) }
        }
    }

    @Test(
        "settings that do not go with a real cluster are refused",
        arguments: [
            ("kubeconfig: /k\nruntime: process\n", "a.yaml:4: runtime: concerns the embedded cluster"),
            ("in-cluster: true\nlocal-nodes: 2\n", "a.yaml:4: local-nodes: concerns the embedded cluster"),
            ("kubeconfig: /k\nin-cluster: true\n", "a.yaml:3: kubeconfig: goes without in-cluster"),
            ("in-cluster: true\ncontext: c\n", "a.yaml:4: context: goes with kubeconfig, not"),
            ("context: c\n", "a.yaml:3: context: goes with kubeconfig, which is missing"),
            ("in-cluster: true\nnode-listen: 0.0.0.0:1\n", "a.yaml:4: node-listen: must be the address"),
            ("node-listen: 127.0.0.1:1\n", "a.yaml:3: node-listen: goes with kubeconfig"),
            ("webhook-url: https://a:1\n", "a.yaml:3: webhook-url: goes with kubeconfig"),
            ("leader-elect: true\n", "a.yaml:3: leader-elect: goes with kubeconfig"),
            ("kubeconfig: /k\nleader-elect: perhaps\n", "a.yaml:4: leader-elect: \"perhaps\" is neither"),
            ("kubeconfig: /k\nwebhook-listen: a:1\n", "a.yaml:4: webhook-listen: goes with webhook-url"),
            ("kubeconfig: /k\nwebhook-url: http://a:1\n", "a.yaml:4: webhook-url: \"http://a:1\" is not"),
            ("kubeconfig: /k\nwebhook-url: https://a:0\n", "a.yaml:4: webhook-url: \"https://a:0\" is not"),
            ("kubeconfig: /k\nwebhook-url: https://a:1/b\n", "a.yaml:4: webhook-url: "),
            ("in-cluster: maybe\n", "a.yaml:3: in-cluster: \"maybe\" is neither"),
        ])
    func refusedForRealClusters(_ lines: String, _ message: String) {
        #expect {
            _ = try DaemonSettings(yaml: minimum + lines, file: "a.yaml").configuration()
        } throws: { "\($0)".hasPrefix(message) }
    }

    @Test("a hub outside of the cluster is asked by URL, one inside by its Service, and without either nobody asks")
    func webhook() throws {
        func webhook(_ lines: String) throws -> DaemonConfiguration.Webhook? {
            try DaemonSettings(yaml: minimum + lines, file: "a.yaml").configuration().webhook
        }
        #expect(try webhook("kubeconfig: /k\n") == nil)
        let outside = ListenAddress(host: "hub.example", port: 8443)
        #expect(
            try webhook("kubeconfig: /k\nwebhook-url: https://hub.example:8443\n")
                == .init(listen: outside, url: outside))
        #expect(
            try webhook("kubeconfig: /k\nwebhook-url: https://hub.example:8443\nwebhook-listen: 0.0.0.0:1\n")
                == .init(listen: ListenAddress(host: "0.0.0.0", port: 1), url: outside))
        #expect(
            try webhook("in-cluster: true\nwebhook-listen: 0.0.0.0:8443\n")
                == .init(listen: ListenAddress(host: "0.0.0.0", port: 8443), url: nil))
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
