import JSONTree
import OffloadingModel
import Testing

@Suite("What of an object goes to an edge") struct ReflectedKindTests {
    @Test("only the fields that are known go, and none of the metadata")
    func fields() {
        let metadata: JSON = ["name": "x", "labels": ["a": "b"], "ownerReferences": [["name": "o"]]]
        #expect(
            ReflectedKind.configMap.fields(of: [
                "metadata": metadata, "data": ["k": "v", "n": 1], "binaryData": ["b": "AA=="], "immutable": true,
                "other": "x",
            ]) == ["data": ["k": "v"], "binaryData": ["b": "AA=="], "immutable": true])
        #expect(
            ReflectedKind.secret.fields(of: ["metadata": metadata, "data": ["k": "dg=="], "immutable": false])
                == ["data": ["k": "dg=="], "type": "Opaque"])
        #expect(
            ReflectedKind.serviceAccount.fields(of: ["secrets": [["name": "s"]], "imagePullSecrets": [["name": "p"]]])
                == ["automountServiceAccountToken": false])
    }

    @Test("a Service is reached inside of its cluster only, at an address of that cluster")
    func service() {
        let origin: JSON = [
            "spec": [
                "type": "LoadBalancer", "clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.7"], "externalIPs": ["1.2.3.4"],
                "loadBalancerIP": "1.2.3.4", "selector": ["app": "web"], "externalTrafficPolicy": "Local",
                "ports": [["name": "h", "port": 80, "protocol": "TCP", "targetPort": "web", "nodePort": 30080]],
            ], "status": ["loadBalancer": [:]],
        ]
        #expect(
            ReflectedKind.service.fields(of: origin) == [
                "spec": [
                    "type": "ClusterIP", "selector": ["app": "web"],
                    "ports": [["name": "h", "protocol": "TCP", "port": 80, "targetPort": "web"]],
                ]
            ])
        let headless = ReflectedKind.service.fields(of: ["spec": ["clusterIP": "None", "selector": ["a": "b"]]])
        #expect(headless["spec", "clusterIP"] == "None")
    }

    @Test("what an API server adds to a Service is no difference, what somebody changes is")
    func sameService() {
        let wanted = ReflectedKind.service.fields(of: ["spec": ["selector": ["a": "b"], "ports": [["port": 80]]]])
        var found: JSON = [
            "spec": [
                "type": "ClusterIP", "clusterIP": "10.0.0.9", "selector": ["a": "b"], "sessionAffinity": "None",
                "ports": [["port": 80, "protocol": "TCP", "targetPort": 80]], "ipFamilies": ["IPv4"],
            ]
        ]
        #expect(ReflectedKind.service.isSame(found, as: wanted))
        found["spec", "selector"] = ["a": "c"]
        #expect(!ReflectedKind.service.isSame(found, as: wanted))
        found["spec", "selector"] = ["a": "b"]
        found["spec", "type"] = "NodePort"
        #expect(!ReflectedKind.service.isSame(found, as: wanted))
    }

    @Test("another value, another key and a key less are differences of data")
    func sameData() {
        let wanted: JSON = ["data": ["a": "1", "b": "2"]]
        #expect(ReflectedKind.configMap.isSame(["data": ["b": "2", "a": "1"], "metadata": [:]], as: wanted))
        for other: JSON in [
            ["data": ["a": "1"]], ["data": ["a": "1", "b": "3"]], ["data": ["a": "1", "b": "2", "c": "3"]],
        ] {
            #expect(!ReflectedKind.configMap.isSame(other, as: wanted))
        }
    }

    @Test(
        "what is a cluster's own stays there",
        arguments: [
            (.secret, "s", ["type": "kubernetes.io/service-account-token"]),
            (.secret, "s", ["type": "bootstrap.kubernetes.io/token"]),
            (.configMap, "kube-root-ca.crt", [:]), (.serviceAccount, "default", [:]),
            (.service, "s", ["spec": ["ports": [["port": 80]]]]),
            (.service, "s", ["spec": ["type": "ExternalName", "selector": ["a": "b"]]]),
            (.configMap, "large", ["data": ["k": .string(String(repeating: "x", count: ReflectedKind.maximumSize))]]),
        ] as [(ReflectedKind, String, JSON)])
    func objections(_ kind: ReflectedKind, _ name: String, _ fields: JSON) {
        #expect(kind.objection(to: fields, name: name) != nil)
    }

    @Test("anything else goes")
    func noObjection() {
        #expect(ReflectedKind.secret.objection(to: ["type": "Opaque"], name: "s") == nil)
        #expect(ReflectedKind.service.objection(to: ["spec": ["selector": ["a": "b"]]], name: "s") == nil)
    }
}
