import Glibc
import PodHost
import PodRecords

/// `causeway-supervisor FOLDER`: runs the pod whose plan lies in the folder, apart from whoever started it.
///
/// Returns once the pod is set up and supervised, or cannot be: the supervisor itself goes on in a process of its own.
@main
struct Program {
    static func main() {
        let arguments = CommandLine.arguments
        if arguments.dropFirst() == ["--isolation"] {
            print(IsolationTrial.best().rawValue)
            exit(0)
        }
        if arguments.count == 3, arguments[1] == "--purge" {
            let left = RuntimeFolder(path: arguments[2]).purge()
            for uid in left { print("causeway-supervisor: the processes of pod \(uid) cannot be killed; try again") }
            exit(left.isEmpty ? 0 : 4)
        }
        if arguments.count > 5, arguments[1] == "--exec" {
            exit(
                Visitor(folder: arguments[2]).execute(
                    container: arguments[3], hasTerminal: arguments[4] == "terminal", command: Array(arguments[5...])))
        }
        if arguments.count == 4, arguments[1] == "--connect", let port = Int(arguments[3]), (1...65535).contains(port) {
            exit(Visitor(folder: arguments[2]).connect(port: port))
        }
        guard arguments.count == 2, !arguments[1].hasPrefix("-") else {
            print(
                """
                Usage: causeway-supervisor FOLDER
                       causeway-supervisor --isolation
                       causeway-supervisor --purge RUNTIME-FOLDER
                       causeway-supervisor --exec FOLDER CONTAINER terminal|plain COMMAND...
                       causeway-supervisor --connect FOLDER PORT

                Supervises one pod of Causeway's process runtime: the agent and the hub start it, one for each pod. FOLDER
                is the pod's folder with its plan, spec.json. Returns when the pod is set up; the pod goes on by itself.

                With --isolation it only says what this machine allows: privileged, userNamespace or none. With --purge it
                kills all pods of a daemon that is gone, and removes their network and the folder. --exec and --connect serve the
                daemon, which gives them a socket as descriptor 3.

                Exit status: 0 supervised or already finished, 3 another supervisor has the pod, 4 processes of an earlier
                one cannot be killed, 1 anything else, said on standard error.
                """)
            exit(arguments.dropFirst().first == "--help" ? 0 : 64)
        }
        exit(Launcher(folder: arguments[1]).run())
    }
}
