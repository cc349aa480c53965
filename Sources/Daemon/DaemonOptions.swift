public import ArgumentParser

/// The flags of both daemons.
public struct DaemonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A YAML file with these settings; its keys are the flags' names.", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Work on the real cluster of this kubeconfig instead of an embedded one.", valueName: "file"))
    var kubeconfig: String?

    @Option(help: ArgumentHelp("The kubeconfig's context to use.", valueName: "name"))
    var context: String?

    @Flag(help: "Work on the cluster that this pod runs in, by its service account.")
    var inCluster = false

    @Option(
        help: ArgumentHelp(
            "Where a hub on a real cluster answers for its virtual nodes (127.0.0.1:0).", valueName: "host:port"))
    var nodeListen: String?

    @Option(
        help: ArgumentHelp(
            "Where a hub's admission webhook listens; by default at the address of --webhook-url.",
            valueName: "host:port"))
    var webhookListen: String?

    @Option(
        name: .customLong("webhook-url"),
        help: ArgumentHelp(
            "Where a real cluster's API server reaches the admission webhook of a hub outside of it.",
            valueName: "https://host:port"))
    var webhookURL: String?

    @Flag(help: "Of several hubs on one real cluster one leads, and the others wait.")
    var leaderElect = false

    @Option(help: ArgumentHelp("The folder that keeps the cluster's state.", valueName: "folder"))
    var state: String?

    @Option(help: ArgumentHelp("The cluster's name.", valueName: "name"))
    var clusterName: String?

    @Option(help: ArgumentHelp("The labels of the cluster's virtual nodes.", valueName: "key=value,…"))
    var clusterLabels: String?

    @Option(
        help: ArgumentHelp(
            "Where the Kubernetes API listens (127.0.0.1:0; port 0 picks one once).", valueName: "host:port"))
    var apiListen: String?

    @Option(
        help: ArgumentHelp(
            "Where an agent takes peerings (127.0.0.1:0; port 0 picks one once).", valueName: "host:port"))
    var peerListen: String?

    @Option(
        help: ArgumentHelp("What peers are told to dial, where it is not what is listened on.", valueName: "host:port"))
    var peerAddress: String?

    @Option(help: ArgumentHelp("Where the administrator's kubeconfig is written.", valueName: "file"))
    var kubeconfigOut: String?

    @Option(name: .customLong("pod-cidr"), help: ArgumentHelp("The pods' network (10.200.0.0/16).", valueName: "cidr"))
    var podCIDR: String?

    @Option(
        name: .customLong("service-cidr"),
        help: ArgumentHelp("The services' addresses (10.96.0.0/16).", valueName: "cidr"))
    var serviceCIDR: String?

    @Option(
        help: ArgumentHelp(
            "How much of an edge each hub may use: 50%, or cpu=2,memory=4Gi,pods=20 (100%).", valueName: "share"))
    var share: String?

    @Option(
        help: ArgumentHelp(
            "How long pods of a hub whose certificates an edge has revoked wait for a new enrolment: 1s to 8760h (24h).",
            valueName: "time"))
    var revokedGracePeriod: String?

    @Option(
        help: ArgumentHelp(
            "How far hubs' pods may reach for an edge's machines: baseline or privileged (baseline).",
            valueName: "level"))
    var podSecurity: String?

    @Option(
        help: ArgumentHelp(
            "Which images hubs may have run, * for anything: nginx,registry.example.com/shop/* (*).",
            valueName: "pattern,…"))
    var allowedImages: String?

    @Option(help: ArgumentHelp("What runs pods: process, or hollow, where nothing runs.", valueName: "runtime"))
    var runtime: String?

    @Option(help: ArgumentHelp("The table of images for the process runtime.", valueName: "file"))
    var images: String?

    @Option(help: ArgumentHelp("How many local nodes there are (1).", valueName: "number"))
    var localNodes: String?

    @Option(help: ArgumentHelp("Settles ties between equally good nodes (0).", valueName: "number"))
    var schedulingSeed: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical (info).", valueName: "level"))
    var logLevel: String?

    public init() {}

    /// The configuration that file and flags make.
    ///
    /// - Throws: `DaemonError` naming the setting that is missing or wrong.
    public func configuration() throws -> DaemonConfiguration {
        var settings = try config.map { try DaemonSettings(file: $0) } ?? DaemonSettings()
        let flags: [(String, String?)] = [
            ("state", state), ("cluster-name", clusterName), ("cluster-labels", clusterLabels),
            ("api-listen", apiListen), ("share", share), ("revoked-grace-period", revokedGracePeriod),
            ("pod-security", podSecurity), ("allowed-images", allowedImages),
            ("peer-listen", peerListen), ("peer-address", peerAddress), ("kubeconfig-out", kubeconfigOut),
            ("pod-cidr", podCIDR), ("service-cidr", serviceCIDR), ("runtime", runtime), ("images", images),
            ("local-nodes", localNodes), ("scheduling-seed", schedulingSeed), ("log-level", logLevel),
            ("node-listen", nodeListen), ("kubeconfig", kubeconfig), ("context", context),
            ("webhook-listen", webhookListen), ("webhook-url", webhookURL),
            ("leader-elect", leaderElect ? "true" : nil),
            ("in-cluster", inCluster ? "true" : nil),
        ]
        for (name, text) in flags {
            if let text { settings.values[name] = DaemonSettings.Value(text: text, origin: "--\(name)") }
        }
        return try settings.configuration()
    }
}
