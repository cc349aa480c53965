import CLinuxShims
import Glibc
import PodHost
import PodRecords

/// Both ends of the streams of a container that is about to start.
struct ContainerStreams {
    /// The program's, for descriptors 0 to 2; -1 for none.
    let program: [Int32]
    /// The supervisor's; none of them blocks.
    let input: Int32
    let output: [LogLine.Stream: Int32]

    /// - Parameter devices: the machine's `/dev`, from which terminals come.
    init(_ console: ConsolePlan?, devices: Int32) throws(SystemError) {
        var made: [Int32] = []
        func check(_ result: Int32, _ what: String) throws(SystemError) {
            guard result < 0 else { return }
            let failure = SystemError.last(what)
            for file in made { close(file) }
            throw failure
        }
        func pair(_ make: (inout [Int32]) -> Int32, _ what: String) throws(SystemError) -> [Int32] {
            var ends: [Int32] = [-1, -1]
            try check(make(&ends), what)
            made += ends
            return ends
        }
        if console?.isTerminal == true {
            let terminal = try pair({ causeway_open_terminal(devices, &$0) }, "open a terminal")
            let keyboard = fcntl(terminal[0], F_DUPFD_CLOEXEC, 3)
            try check(keyboard, "copy a descriptor")
            program = [terminal[1], terminal[1], terminal[1]]
            input = keyboard
            output = [.standardOutput: terminal[0]]
        } else {
            let keyboard = console?.takesInput == true ? try pair({ causeway_pipe(&$0) }, "make a pipe") : [-1, -1]
            let standard = try pair({ causeway_pipe(&$0) }, "make a pipe")
            let error = try pair({ causeway_pipe(&$0) }, "make a pipe")
            program = [keyboard[0], standard[1], error[1]]
            input = keyboard[1]
            output = [.standardOutput: standard[0], .standardError: error[0]]
        }
        for file in output.values { _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK) }
        if input >= 0 { _ = fcntl(input, F_SETFL, fcntl(input, F_GETFL) | O_NONBLOCK) }
    }

    func closeProgramEnds() { for file in Set(program) where file >= 0 { close(file) } }

    func closeOwnEnds() {
        for file in output.values { close(file) }
        if input >= 0 { close(input) }
    }
}
