import ArgumentParser
import Glibc

/// The program `causewayctl`, and `liqoctl` where it is called so: a plain client of the clusters' Kubernetes APIs.
///
/// Results and finished stages go to the standard output, errors to the standard error. The exit status is 0 for success,
/// 1 for a failure, and 64 for a command line that is not understood.
public enum CommandLineProgram {
    /// Runs the process's command line and exits.
    public static func main() async -> Never {
        exit(await run(Array(CommandLine.arguments.dropFirst()), host: .process))
    }

    /// Runs one command line.
    ///
    /// - Parameter arguments: without the program's name.
    /// - Returns: the exit status.
    static func run(_ arguments: [String], host: ToolHost) async -> Int32 {
        await ToolHost.$current.withValue(host) {
            do {
                var command = try RootCommand.parseAsRoot(GlobalArguments.reordered(arguments))
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
                return 0
            } catch {
                return report(error, arguments, host)
            }
        }
    }

    private static func report(_ error: any Error, _ arguments: [String], _ host: ToolHost) -> Int32 {
        let printer = Printer(lines: host.output, errors: host.errors)
        switch error {
        case let error as ToolError:
            for message in error.messages { printer.error(Redaction.redact(message, arguments: arguments)) }
            return 1
        case let code as ExitCode:
            return code.rawValue
        default:
            break
        }
        let code = RootCommand.exitCode(for: error)
        guard code == .failure else {
            // The parser's own: help, a completion script, or what it did not understand.
            let text = Redaction.redact(RootCommand.fullMessage(for: error), arguments: arguments)
            (code.isSuccess ? host.output : host.errors).write(text + "\n")
            return code.rawValue
        }
        printer.error(Redaction.redact("\(error)", arguments: arguments))
        return 1
    }
}
