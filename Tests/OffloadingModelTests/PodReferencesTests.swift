import JSONTree
import KubernetesModel
import OffloadingModel
import Testing

@Suite("What a pod uses besides itself") struct PodReferencesTests {
    private func references(_ spec: JSON) -> PodReferences {
        PodReferences(KubernetesObject(.pods, name: "p", namespace: "shop", ["spec": spec]))
    }

    @Test("every place is found where a pod names something, each thing once")
    func places() {
        let found = references([
            "serviceAccountName": "builder", "imagePullSecrets": [["name": "pull"]],
            "resourceClaims": [["name": "gpu"]],
            "volumes": [
                ["name": "a", "configMap": ["name": "one"]], ["name": "b", "secret": ["secretName": "two"]],
                ["name": "c", "configMap": ["name": "spare", "optional": true]],
                ["name": "d", "persistentVolumeClaim": ["claimName": "disk"]],
                ["name": "e", "secret": ["secretName": "builder-token-x7x7x"]],
                [
                    "name": "kube-api-access-z",
                    "projected": [
                        "sources": [
                            ["serviceAccountToken": ["path": "token"]], ["configMap": ["name": "kube-root-ca.crt"]],
                        ]
                    ],
                ],
                ["name": "y", "projected": ["sources": [["secret": ["name": "three"]]]]],
                ["name": "f", "emptyDir": [:]],
                ["name": "g", "projected": ["sources": [["serviceAccountToken": ["path": "vault"]]]]],
                ["name": "h", "csi": ["driver": "d", "nodePublishSecretRef": ["name": "csi"]]],
                ["name": "i", "cephfs": ["monitors": [], "secretRef": ["name": "ceph"]]],
            ],
            "initContainers": [["envFrom": [["configMapRef": ["name": "four"]], ["secretRef": ["name": "two"]]]]],
            "containers": [
                [
                    "volumeMounts": [["name": "e", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"]],
                    "env": [
                        ["name": "A", "value": "a"],
                        ["name": "B", "valueFrom": ["configMapKeyRef": ["name": "one", "key": "k"]]],
                        ["name": "C", "valueFrom": ["secretKeyRef": ["name": "five", "key": "k"]]],
                        ["name": "D", "valueFrom": ["secretKeyRef": ["name": "may", "key": "k", "optional": true]]],
                    ],
                ]
            ],
        ])
        let names = found.objects.map { "\($0.kind.rawValue) \($0.name)" }
        #expect(
            names == [
                "ConfigMap one", "Secret two", "ConfigMap spare", "Secret three", "Secret csi", "Secret ceph",
                "ConfigMap four", "Secret five", "Secret may", "Secret pull",
            ])
        #expect(
            Set(found.objects).subtracting(found.needed)
                == [.init(.configMap, "spare"), .init(.secret, "may"), .init(.secret, "pull")])
        #expect(found.serviceAccount == "builder")
        #expect(found.all.last == .init(.serviceAccount, "builder"))
        #expect(found.unsent == [.claim("disk"), .token(volume: "g"), .resourceClaim("gpu")])
    }

    @Test("what one place does without and another needs is needed")
    func neededSomewhere() {
        let found = references([
            "volumes": [["name": "a", "configMap": ["name": "one", "optional": true]]],
            "containers": [["envFrom": [["configMapRef": ["name": "one"]]]]],
        ])
        #expect(found.needed == [.init(.configMap, "one")])
    }

    @Test("an ordinary pod needs nothing", arguments: [[:], ["serviceAccountName": "default"]] as [JSON])
    func ordinary(_ spec: JSON) {
        #expect(references(spec).all.isEmpty && references(spec).unsent.isEmpty)
    }
}
