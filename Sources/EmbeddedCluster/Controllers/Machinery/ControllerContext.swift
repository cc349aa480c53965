import ClusterAPI
import KubernetesModel
import Logging

/// What every built-in controller is given.
struct ControllerContext: Sendable {
    let cluster: any ClusterAPI
    let informers: InformerSet
    let pods: PodRegister
    let servedTypes: any ServedTypes
    let logger: Logger
    /// Seconds since 1970.
    let now: @Sendable () -> Int

    init(
        cluster: any ClusterAPI, servedTypes: any ServedTypes, logger: Logger, now: @escaping @Sendable () -> Int
    ) {
        self.cluster = cluster
        self.servedTypes = servedTypes
        self.logger = logger
        self.now = now
        informers = InformerSet(cluster, logger: logger)
        pods = PodRegister(informers.informer(.pods))
    }

    /// Events as the component `name` tells them.
    func announcer(_ name: String) -> Announcer {
        Announcer(EventRecorder(cluster, component: name, now: now, logger: logger))
    }
}

/// One built-in controller: handlers are in place once it is made, work is done while it runs.
protocol BuiltInController: Sendable {
    /// Works until the task is cancelled.
    func run() async
}
