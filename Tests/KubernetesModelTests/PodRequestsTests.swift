import JSONTree
import KubernetesModel
import Testing

@Suite struct PodRequestsTests {
    private func total(_ spec: String, assuming: ResourceAmounts = [:]) throws -> [String: String] {
        let pod = KubernetesObject(.pods, name: "p", namespace: "d", ["spec": try JSON(parsing: spec)])
        return PodRequests.total(of: pod, assuming: assuming).mapValues(\.description)
    }

    @Test("containers add up, and the overhead with them")
    func sum() throws {
        let spec = """
            {"containers":[{"resources":{"requests":{"cpu":"100m","memory":"1Gi"}}},{"resources":{"requests":{"cpu":"1"}}},{}],
             "overhead":{"cpu":"50m"}}
            """
        #expect(try total(spec) == ["cpu": "1150m", "memory": "1Gi"])
    }

    @Test("an init container counts where it needs more than the containers together")
    func initContainers() throws {
        let spec = """
            {"containers":[{"resources":{"requests":{"cpu":"1","memory":"1Gi"}}}],
             "initContainers":[{"resources":{"requests":{"cpu":"2"}}},{"resources":{"requests":{"memory":"512Mi"}}}]}
            """
        #expect(try total(spec) == ["cpu": "2", "memory": "1Gi"])
    }

    @Test("sidecars run beside the containers and beside later init containers")
    func sidecars() throws {
        let spec = """
            {"containers":[{"resources":{"requests":{"cpu":"1"}}}],
             "initContainers":[{"resources":{"requests":{"cpu":"2"}}},
               {"restartPolicy":"Always","resources":{"requests":{"cpu":"500m"}}},{"resources":{"requests":{"cpu":"3"}}}]}
            """
        #expect(try total(spec) == ["cpu": "3500m"])
    }

    @Test("pod-level requests stand in place of the sum")
    func podLevel() throws {
        let spec =
            #"{"resources":{"requests":{"cpu":"3"}},"containers":[{"resources":{"requests":{"cpu":"1","memory":"1Mi"}}}]}"#
        #expect(try total(spec) == ["cpu": "3", "memory": "1Mi"])
    }

    @Test("assumed amounts stand in for missing requests only")
    func assumed() throws {
        let spec = #"{"containers":[{"resources":{"requests":{"cpu":"1"}}},{}]}"#
        #expect(try total(spec, assuming: PodRequests.assumed) == ["cpu": "1100m", "memory": "400Mi"])
    }
}
