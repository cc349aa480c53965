import JSONTree
import OffloadingModel

extension InstallationManifests {
    /// The folder in the container for what need not survive: keys and peerings are in Secrets.
    private static let state = "/var/lib/causeway"
    /// Of nobody on the machine; the same as in distroless images.
    private static let user = 65_532

    /// One container, without any right on its machine.
    var podSpec: JSON {
        var spec: JSON = [
            "serviceAccountName": .string(installation.name),
            "securityContext": [
                "runAsNonRoot": true, "runAsUser": JSON(Self.user), "runAsGroup": JSON(Self.user),
                "fsGroup": JSON(Self.user), "seccompProfile": ["type": "RuntimeDefault"],
            ],
            "containers": [container],
            "volumes": [["name": "state", "emptyDir": [:]]],
        ]
        if installation.role == .hub {
            // Two hubs on one machine go down together.
            spec["affinity"] = [
                "podAntiAffinity": [
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        [
                            "weight": 100,
                            "podAffinityTerm": [
                                "labelSelector": ["matchLabels": selectorLabels],
                                "topologyKey": "kubernetes.io/hostname",
                            ],
                        ]
                    ]
                ]
            ]
        }
        return spec
    }

    private var container: JSON {
        [
            "name": .string(installation.name), "image": .string(installation.image),
            "command": [.string(installation.name)], "args": JSON(arguments), "ports": .array(ports),
            "env": [["name": "POD_IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]]],
            "resources": ["requests": ["cpu": "50m", "memory": "64Mi"], "limits": ["memory": "1Gi"]],
            "readinessProbe": ["exec": ["command": JSON(ready)], "periodSeconds": 5, "timeoutSeconds": 5],
            "securityContext": [
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                "capabilities": ["drop": ["ALL"]],
            ],
            "volumeMounts": [["name": "state", "mountPath": .string(Self.state)]],
        ]
    }

    /// A hub that waits to lead is as ready as one that leads.
    private var ready: [String] {
        switch installation.role {
        case .hub: ["sh", "-c", "test -e \(Self.state)/hub/ready || test -e \(Self.state)/hub/standby"]
        case .agent: ["test", "-e", "\(Self.state)/agent/ready"]
        }
    }

    private var ports: [JSON] {
        func port(_ name: String, _ number: Int) -> JSON {
            ["name": .string(name), "containerPort": JSON(number), "protocol": "TCP"]
        }
        let peers = port("peers", InstallationPlan.peerPort)
        guard installation.role == .hub else { return [peers] }
        return [
            peers, port("webhook", InstallationPlan.webhookPort), port("kubelet", InstallationPlan.nodePort),
        ]
    }

    private var arguments: [String] {
        let address =
            installation.peerAddress
            ?? "\(installation.name).\(Names.systemNamespace).svc:\(InstallationPlan.peerPort)"
        var arguments = [
            "--in-cluster", "--state=\(Self.state)/\(installation.role.rawValue)",
            "--cluster-name=\(installation.clusterName)",
        ]
        if !installation.clusterLabels.isEmpty {
            let labels = installation.clusterLabels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            arguments.append("--cluster-labels=\(labels.joined(separator: ","))")
        }
        arguments += [
            "--peer-listen=0.0.0.0:\(InstallationPlan.peerPort)", "--peer-address=\(address)",
            "--log-level=\(installation.logLevel)",
        ]
        guard installation.role == .hub else { return arguments }
        return arguments + [
            // In brackets, as the pod may have an IPv6 address.
            "--leader-elect", "--node-listen=[$(POD_IP)]:\(InstallationPlan.nodePort)",
            "--webhook-listen=0.0.0.0:\(InstallationPlan.webhookPort)",
        ]
    }
}
