import JSONTree
import KubernetesModel
import OffloadingModel
import Testing
import Wire

@testable import Hub

@Suite("What a pod's user is told of what stays behind") struct ReflectionReportTests {
    private func message(
        _ spec: JSON, finding: ReferenceKeeper.Finding = .present([:]), observed: ObservedObject? = nil
    ) -> String? {
        ReflectionReport(
            namespace: "shop", edge: "rome", remoteNamespace: "shop-cloud", finding: { _ in finding },
            observed: { _ in observed }
        ).message(PodReferences(KubernetesObject(.pods, name: "p", namespace: "shop", ["spec": spec])))
    }

    private static let map: JSON = ["volumes": [["name": "a", "configMap": ["name": "one"]]]]

    @Test("nothing is said where all is there, or will be")
    func nothing() {
        #expect(message([:]) == nil)
        #expect(message(Self.map) == nil)
        #expect(message(Self.map, finding: .unknown) == nil)
        #expect(message(Self.map, observed: ObservedObject(reason: ObservedObject.ready)) == nil)
        let optional: JSON = ["volumes": [["name": "a", "configMap": ["name": "one", "optional": true]]]]
        #expect(message(optional, finding: .absent) == nil)
    }

    @Test("what is wrong is said with what to do")
    func words() {
        #expect(message(Self.map, finding: .absent)?.contains("create it") == true)
        #expect(message(Self.map, finding: .kept("it is large"))?.contains("it is large; let the pod") == true)
        #expect(message(Self.map, finding: .unreadable("run x")) == "ConfigMap \"one\" cannot be read: run x")
        let conflict = ObservedObject(reason: ObservedObject.conflict, message: "it is not the hub's")
        #expect(message(Self.map, observed: conflict) == "ConfigMap \"one\" is not on edge rome: it is not the hub's")
        let claim: JSON = ["volumes": [["name": "d", "persistentVolumeClaim": ["claimName": "disk"]]]]
        #expect(
            message(claim)?.hasPrefix("PersistentVolumeClaim \"disk\" must be in namespace shop-cloud of edge rome")
                == true)
        #expect(message(["serviceAccountName": "sa"])?.contains("no rights of ServiceAccount \"sa\"") == true)
        #expect(message(["serviceAccountName": "sa"], observed: conflict)?.contains("is not on edge rome") == true)
    }

    @Test("a pod with very many of them gets a sentence that ends")
    func many() {
        let volumes = (0..<20).map { JSON.object(["name": "v", "configMap": ["name": .string("m\($0)")]]) }
        #expect(message(["volumes": .array(volumes)], finding: .absent)?.hasSuffix("; and more") == true)
    }
}
