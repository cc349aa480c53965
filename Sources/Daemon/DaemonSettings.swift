import KubernetesModel
import Logging
import OffloadingModel

/// The settings of a daemon as texts by name, from the command line or a file, before they mean anything.
///
/// The names are those of the flags; a file uses the same. The command line wins.
package struct DaemonSettings {
    /// The names there are, as the flags are named.
    static let names: Set<String> = [
        "state", "cluster-name", "cluster-labels", "api-listen", "peer-listen", "peer-address", "kubeconfig-out",
        "pod-cidr", "share", "revoked-grace-period", "pod-security", "allowed-images",
        "service-cidr", "runtime", "images", "local-nodes", "scheduling-seed", "log-level",
        "kubeconfig", "context", "in-cluster", "node-listen", "webhook-listen", "webhook-url", "leader-elect",
    ]

    /// What only a real cluster has.
    private static let realOnly = ["webhook-listen", "webhook-url", "leader-elect"]

    /// What only an embedded cluster has: a real one has its own.
    private static let embeddedOnly = [
        "api-listen", "kubeconfig-out", "service-cidr", "runtime", "images", "local-nodes",
    ]

    /// One text with where it comes from, for messages: `--state` or `hub.yaml:3: state`.
    struct Value {
        let text: String
        let origin: String
    }

    var values: [String: Value] = [:]

    /// The configuration that the settings make.
    ///
    /// - Throws: `DaemonError` naming the setting that is missing or wrong, and where it stands.
    func configuration() throws(DaemonError) -> DaemonConfiguration {
        guard let state = values["state"]?.text, !state.isEmpty else {
            throw DaemonError("--state is missing: name the folder that keeps the cluster's state")
        }
        guard let name = values["cluster-name"], !name.text.isEmpty else {
            throw DaemonError("--cluster-name is missing: name the cluster")
        }
        if let problem = LabelSyntax.problem(dnsLabel: name.text) { throw error(name, problem) }
        // Its virtual node's name is a label's value, which has at most 63 bytes.
        let most = 63 - Names.virtualNode("").utf8.count
        guard name.text.utf8.count <= most else { throw error(name, "must be no more than \(most) bytes") }
        var configuration = DaemonConfiguration(state: state, clusterName: name.text)
        if let labels = values["cluster-labels"] { configuration.clusterLabels = try map(labels) }
        if let address = values["api-listen"] { configuration.apiListen = try listen(address) }
        if let address = values["peer-listen"] { configuration.peerListen = try listen(address) }
        if let address = values["node-listen"] { configuration.nodeListen = try nodeListen(address) }
        configuration.peerAddress = values["peer-address"]?.text
        configuration.kubeconfig = values["kubeconfig-out"]?.text
        configuration.access = try access()
        if configuration.access != nil { configuration.podCIDR = "" }
        configuration.webhook = try webhook(configuration.access)
        if let flag = values["leader-elect"] { configuration.electsLeader = try self.flag(flag) }
        if let cidr = values["pod-cidr"] { configuration.podCIDR = cidr.text }
        if let cidr = values["service-cidr"] { configuration.serviceCIDR = cidr.text }
        if let share = values["share"] {
            guard let known = EdgeShare(share.text) else {
                throw error(
                    share, "\"\(share.text)\" is not of the form 50%, cpu=2,memory=4Gi,pods=20 or 50%,pods=10")
            }
            configuration.share = known
        }
        if let period = values["revoked-grace-period"] {
            let range = DaemonConfiguration.revokedGracePeriods
            guard let known = GoDuration.parse(period.text), range.contains(known) else {
                throw error(period, "\"\(period.text)\" is not a time from 1s to 8760h, such as 30m or 24h")
            }
            configuration.revokedGracePeriod = known
        }
        if let level = values["pod-security"] { configuration.podSecurity = try word(level) }
        if let images = values["allowed-images"] { configuration.allowedImages = AllowedImages(images.text) }
        if let runtime = values["runtime"] { configuration.runtime = try word(runtime) }
        configuration.images = values["images"]?.text
        if let count = values["local-nodes"] {
            guard let number = Int(count.text), (1...100).contains(number) else {
                throw error(count, "\"\(count.text)\" is not a whole number from 1 to 100")
            }
            configuration.localNodes = number
        }
        if let seed = values["scheduling-seed"] {
            guard let number = UInt64(seed.text) else {
                throw error(seed, "\"\(seed.text)\" is not a whole number from 0 to \(UInt64.max)")
            }
            configuration.schedulingSeed = number
        }
        if let level = values["log-level"] {
            guard let known = Logger.Level(rawValue: level.text) else {
                throw error(
                    level,
                    "\"\(level.text)\" is none of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            configuration.logLevel = known
        }
        return configuration
    }

    /// Which real cluster the daemon works on; `nil` for its own.
    private func access() throws(DaemonError) -> DaemonConfiguration.ClusterAccess? {
        let access: DaemonConfiguration.ClusterAccess
        switch (values["kubeconfig"], try values["in-cluster"].map(flag) ?? false) {
        case (let file?, false) where !file.text.isEmpty:
            access = .kubeconfig(file.text, context: values["context"]?.text)
        case (let file?, false): throw error(file, "names no file")
        case (let file?, true): throw error(file, "goes without in-cluster: name the cluster in one way")
        case (nil, true): access = .serviceAccount
        case (nil, false):
            if let context = values["context"] { throw error(context, "goes with kubeconfig, which is missing") }
            return nil
        }
        if case .serviceAccount = access, let context = values["context"] {
            throw error(context, "goes with kubeconfig, not with in-cluster")
        }
        for name in Self.embeddedOnly {
            if let value = values[name] {
                throw error(value, "concerns the embedded cluster, and a real one was named: leave it out")
            }
        }
        return access
    }

    /// Where the admission webhook of a hub is; `nil` for none.
    private func webhook(
        _ access: DaemonConfiguration.ClusterAccess?
    ) throws(DaemonError) -> DaemonConfiguration.Webhook? {
        guard let access else {
            for name in Self.realOnly {
                if let value = values[name] {
                    throw error(value, "goes with kubeconfig or in-cluster: an embedded cluster needs none")
                }
            }
            return nil
        }
        let listening = try values["webhook-listen"].map(listen)
        guard let url = values["webhook-url"] else {
            guard let listening else { return nil }
            guard case .serviceAccount = access else {
                throw error(
                    values["webhook-listen"] ?? Value(text: "", origin: "--webhook-listen"),
                    "goes with webhook-url outside of the cluster: the API server must know where to ask")
            }
            return DaemonConfiguration.Webhook(listen: listening, url: nil)
        }
        let scheme = "https://"
        guard url.text.hasPrefix(scheme), let address = ListenAddress(String(url.text.dropFirst(scheme.count))),
            address.port > 0
        else { throw error(url, "\"\(url.text)\" is not of the form https://HOST:PORT") }
        return DaemonConfiguration.Webhook(listen: listening ?? address, url: address)
    }

    private func nodeListen(_ value: Value) throws(DaemonError) -> ListenAddress {
        guard values["kubeconfig"] != nil || values["in-cluster"] != nil else {
            throw error(value, "goes with kubeconfig or in-cluster: an embedded cluster asks nobody")
        }
        let address = try listen(value)
        guard !["0.0.0.0", "::"].contains(address.host) else {
            throw error(value, "must be the address that the cluster's API server dials, not \(address.host)")
        }
        return address
    }

    private func flag(_ value: Value) throws(DaemonError) -> Bool {
        switch value.text {
        case "true": return true
        case "false": return false
        default: throw error(value, "\"\(value.text)\" is neither true nor false")
        }
    }

    private func error(_ value: Value, _ problem: String) -> DaemonError { DaemonError("\(value.origin): \(problem)") }

    private func listen(_ value: Value) throws(DaemonError) -> ListenAddress {
        guard let address = ListenAddress(value.text) else {
            throw error(value, "\"\(value.text)\" is not of the form HOST:PORT")
        }
        return address
    }

    private func word<Word: RawRepresentable & CaseIterable>(_ value: Value) throws(DaemonError) -> Word
    where Word.RawValue == String {
        guard let word = Word(rawValue: value.text) else {
            throw error(value, "\"\(value.text)\" is none of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }

    /// Reads `a=b,c=d`.
    private func map(_ value: Value) throws(DaemonError) -> [String: String] {
        var result: [String: String] = [:]
        for part in value.text.split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2 else { throw error(value, "\"\(part)\" is not of the form KEY=VALUE") }
            if let problem = LabelSyntax.problem(key: sides[0]) {
                throw error(value, "key \"\(sides[0])\": \(problem)")
            }
            if let problem = LabelSyntax.problem(value: sides[1]) {
                throw error(value, "value \"\(sides[1])\": \(problem)")
            }
            result[sides[0]] = sides[1]
        }
        return result
    }
}
