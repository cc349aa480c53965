import Glibc
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
        guard arguments.count == 2, !arguments[1].hasPrefix("-") else {
            print(
                """
                Usage: causeway-supervisor FOLDER
                       causeway-supervisor --isolation

                Supervises one pod of Causeway's process runtime: the agent and the hub start it, one for each pod. FOLDER
                is the pod's folder with its plan, spec.json. Returns when the pod is set up; the pod goes on by itself.

                With --isolation it only says what this machine allows: privileged, userNamespace or none.

                Exit status: 0 supervised or already finished, 3 another supervisor has the pod, 4 processes of an earlier
                one cannot be killed, 1 anything else, said on standard error.
                """)
            exit(arguments.dropFirst().first == "--help" ? 0 : 64)
        }
        exit(Launcher(folder: arguments[1]).run())
    }
}
