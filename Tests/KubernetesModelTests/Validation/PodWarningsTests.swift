import JSONTree
import KubernetesModel
import Testing

@Suite("Warnings about pods")
struct PodWarningsTests {
    private static let spec = #"""
        {"containers":[{"name":"a","image":"i","env":[{"name":"A","value":"1"},{"name":"A","value":"$(A)2"},
        {"name":"A","value":"3"}],"ports":[{"containerPort":80},{"containerPort":80,"protocol":"TCP"}],
        "resources":{"limits":{"memory":"100m"}}}],"nodeSelector":{"beta.kubernetes.io/os":"linux"},
        "terminationGracePeriodSeconds":-1,"imagePullSecrets":[{"name":"s"},{"name":"s"}],
        "topologySpreadConstraints":[{"topologyKey":"z"}]}
        """#

    @Test("what is valid but hardly meant is told, with its place, for pods and templates, and once")
    func told() throws {
        let spec = try JSON(parsing: Self.spec)
        let pod = KubernetesObject(["kind": "Pod", "spec": spec])
        let messages = [
            #"spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead"#,
            "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
            #"spec.imagePullSecrets[1].name: duplicate name "s""#,
            #"spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer"#,
            #"spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply"#,
            "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
            "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1",
        ]
        #expect(PodWarnings.of(pod) == messages)
        #expect(PodWarnings.of(pod, old: pod).isEmpty)
        let deployment = KubernetesObject(["kind": "Deployment", "spec": ["template": ["spec": spec]]])
        #expect(PodWarnings.of(deployment) == messages.map { $0.replacing("spec.", with: "spec.template.spec.") })
        #expect(PodWarnings.of(KubernetesObject(["kind": "Service", "spec": spec])).isEmpty)
    }
}
