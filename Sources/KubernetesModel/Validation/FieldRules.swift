import JSONTree

/// The rules that are a matter of one member each, by definition, from Kubernetes' validation packages.
enum FieldRules {
    static let byDefinition: [String: [FieldRule]] = {
        var rules: [String: [FieldRule]] = [:]
        for (prefix, members) in [
            ("io.k8s.api.core.v1.", core), ("io.k8s.api.apps.v1.", apps), ("io.k8s.api.batch.v1.", batch),
            ("io.k8s.api.discovery.v1.", discovery), ("io.k8s.api.scheduling.v1.", scheduling),
            ("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.", extensions),
        ] {
            for (name, list) in members { rules[prefix + name] = list }
        }
        return rules
    }()

    private static let protocols: [JSON] = ["SCTP", "TCP", "UDP"]

    private static let core: [String: [FieldRule]] = [
        "PodSpec": [
            .required("containers"), .unique("volumes", by: "name"),
            .oneOf("restartPolicy", ["Always", "OnFailure", "Never"]),
            .oneOf("dnsPolicy", ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
            .oneOf("preemptionPolicy", ["Never", "PreemptLowerPriority"]),
            .dnsSubdomain("nodeName"),
            .dnsSubdomain("serviceAccountName"), .dnsLabel("hostname"), .dnsLabel("subdomain"),
            .dnsSubdomain("priorityClassName"), .labels("nodeSelector"),
        ],
        "Container": [
            .required("name"), .dnsLabel("name"), .required("image"),
            .oneOf("imagePullPolicy", ["Always", "IfNotPresent", "Never"]),
            .oneOf("terminationMessagePolicy", ["FallbackToLogsOnError", "File"]), .unique("ports", by: "name"),
        ],
        "ContainerPort": [
            .required("containerPort"), .port("containerPort"), .dnsLabel("name"), .oneOf("protocol", protocols),
        ],
        "EnvVar": [.required("name")],
        "ConfigMapKeySelector": [.required("key")],
        "SecretKeySelector": [.required("key")],
        "ObjectFieldSelector": [.required("fieldPath")],
        "VolumeMount": [.required("name"), .required("mountPath")],
        "Volume": [.required("name"), .dnsLabel("name")],
        "KeyToPath": [.required("key"), .required("path")],
        "HostPathVolumeSource": [.required("path")],
        "SecretVolumeSource": [.required("secretName")],
        "PersistentVolumeClaimVolumeSource": [.required("claimName")],
        "Probe": [
            .notNegative("initialDelaySeconds"), .notNegative("timeoutSeconds"), .notNegative("periodSeconds"),
            .notNegative("successThreshold"), .notNegative("failureThreshold"),
        ],
        "HTTPGetAction": [.required("path"), .oneOf("scheme", ["HTTP", "HTTPS"]), .port("port")],
        "TCPSocketAction": [.port("port")],
        "ExecAction": [.required("command")],
        "Toleration": [
            .qualifiedName("key"), .oneOf("operator", ["Equal", "Exists"]),
            .oneOf("effect", ["NoExecute", "NoSchedule", "PreferNoSchedule"]),
        ],
        "Taint": [
            .required("key"), .qualifiedName("key"), .required("effect"),
            .oneOf("effect", ["NoExecute", "NoSchedule", "PreferNoSchedule"]),
        ],
        "TopologySpreadConstraint": [
            .positive("maxSkew"), .required("topologyKey"), .qualifiedName("topologyKey"),
            .oneOf("whenUnsatisfiable", ["DoNotSchedule", "ScheduleAnyway"]), .positive("minDomains"),
            .oneOf("nodeAffinityPolicy", ["Honor", "Ignore"]), .oneOf("nodeTaintsPolicy", ["Honor", "Ignore"]),
        ],
        "ServiceSpec": [
            .oneOf("type", ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
            .oneOf("sessionAffinity", ["ClientIP", "None"]), .unique("ports", by: "name"), .labels("selector"),
            .oneOf("internalTrafficPolicy", ["Cluster", "Local"]),
            .oneOf("externalTrafficPolicy", ["Cluster", "Local"]),
        ],
        "ReplicationControllerSpec": [.notNegative("replicas"), .notNegative("minReadySeconds")],
        "ServicePort": [
            .required("port"), .port("port"), .oneOf("protocol", protocols), .dnsLabel("name"), .port("targetPort"),
        ],
        "EndpointPort": [.port("port"), .oneOf("protocol", protocols)],
        "EndpointAddress": [.required("ip")],
    ]

    private static let apps: [String: [FieldRule]] = [
        "DeploymentSpec": [
            .notNegative("replicas"), .required("selector"), .notNegative("minReadySeconds"),
            .notNegative("revisionHistoryLimit"), .notNegative("progressDeadlineSeconds"),
        ],
        "DeploymentStrategy": [.oneOf("type", ["Recreate", "RollingUpdate"])],
        "ReplicaSetSpec": [.notNegative("replicas"), .required("selector"), .notNegative("minReadySeconds")],
    ]

    private static let batch: [String: [FieldRule]] = [
        "JobSpec": [
            .notNegative("parallelism"), .notNegative("completions"), .notNegative("backoffLimit"),
            .notNegative("activeDeadlineSeconds"), .notNegative("ttlSecondsAfterFinished"),
            .oneOf("completionMode", ["NonIndexed", "Indexed"]),
        ]
    ]

    private static let discovery: [String: [FieldRule]] = [
        "EndpointSlice": [.required("addressType"), .oneOf("addressType", ["FQDN", "IPv4", "IPv6"])],
        "Endpoint": [.required("addresses")],
        "EndpointPort": [.port("port"), .oneOf("protocol", protocols)],
    ]

    private static let scheduling: [String: [FieldRule]] = [
        "PriorityClass": [.oneOf("preemptionPolicy", ["Never", "PreemptLowerPriority"])]
    ]

    private static let extensions: [String: [FieldRule]] = [
        "CustomResourceDefinitionSpec": [
            .required("group"), .dnsSubdomain("group"), .required("scope"),
            .oneOf("scope", ["Cluster", "Namespaced"]), .required("versions"), .unique("versions", by: "name"),
        ],
        "CustomResourceDefinitionNames": [.required("plural"), .required("kind"), .dnsLabel("plural")],
        "CustomResourceColumnDefinition": [
            .required("name"), .required("type"), .required("jsonPath"),
            .oneOf("type", ["boolean", "date", "integer", "number", "string"]),
        ],
    ]
}
