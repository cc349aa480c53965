extension CertificateProfile {
    /// The life of a peering's certificates, in seconds: 30 days. They renew themselves at two thirds of it.
    public static let peerValidity: Int64 = 30 * 24 * 3600

    /// The administrator of a cluster, as kubeadm names it: the group `system:masters` may do everything.
    public static func administrator(validity: Int64 = defaultValidity) -> CertificateProfile {
        CertificateProfile(
            commonName: "kubernetes-admin", organizations: ["system:masters"], usages: .client, validity: validity)
    }

    /// A user or component of a cluster: Kubernetes reads the common name as user, the organizations as groups.
    public static func user(
        _ name: String, groups: [String] = [], validity: Int64 = defaultValidity
    ) -> CertificateProfile {
        CertificateProfile(commonName: name, organizations: groups, usages: .client, validity: validity)
    }

    /// A cluster's API server, reached by these names and addresses.
    public static func apiServer(
        dnsNames: [String], ipAddresses: [String], validity: Int64 = defaultValidity
    ) -> CertificateProfile {
        CertificateProfile(
            commonName: "kube-apiserver", dnsNames: dnsNames, ipAddresses: ipAddresses, usages: .server,
            validity: validity)
    }

    /// The listening side of peerings: the cluster with this id. Diallers know it by its id and its pinned authority,
    /// so it holds no names of hosts.
    public static func peerServer(clusterID: String, validity: Int64 = peerValidity) -> CertificateProfile {
        CertificateProfile(commonName: clusterID, usages: .server, validity: validity)
    }

    /// The dialling side of a peering: the cluster with this id, as the listening side's authority names it.
    public static func peerClient(clusterID: String, validity: Int64 = peerValidity) -> CertificateProfile {
        CertificateProfile(commonName: clusterID, usages: .client, validity: validity)
    }
}
