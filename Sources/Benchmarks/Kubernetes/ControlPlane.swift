import KubernetesClient

/// A real control plane that `scripts/control-plane` has started, with an audit log, and that a hub is installed into.
struct ControlPlane {
    /// What it uses, by program.
    struct Usage {
        let apiServer: ProcessUsage
        let store: ProcessUsage
        let controllers: ProcessUsage
    }

    let folder: String
    /// By the rights of its administrator.
    let api: KubernetesClient

    init(_ folder: String) throws {
        self.folder = folder
        let connection = try Kubeconfig.load(path: "\(folder)/kubeconfig", environment: [:]).connection()
        api = try KubernetesClient(connection, logger: .silent)
    }

    var auditLog: String { "\(folder)/audit.log" }

    func usage() throws -> Usage {
        func usage(of program: String) throws -> ProcessUsage {
            guard let process = SystemFile.lines("\(folder)/\(program).pid").first.flatMap({ Int32($0) }) else {
                throw BenchmarkFailure("\(folder) has no \(program) that runs")
            }
            return try ProcessUsage(of: process)
        }
        return Usage(
            apiServer: try usage(of: "kube-apiserver"), store: try usage(of: "etcd"),
            controllers: try usage(of: "kube-controller-manager"))
    }
}
