import Glibc
import JSONTree
public import PodRecords

/// The folder of one pod, named by its uid: all that survives the daemon.
///
/// | file | written by | what |
/// |---|---|---|
/// | `spec.json` | daemon, once | the plan |
/// | `state.json` | supervisor | what runs and what has ended |
/// | `stop.json` | daemon | the order to end |
/// | `lock` | supervisor | locked and open for writing while the supervisor lives; both end with it, however it ends |
/// | `supervisor.log` | supervisor | its own complaints |
/// | `logs/CONTAINER/N.log` | supervisor | the output of run N, `N.log.1` the part before a rotation |
/// | `attach` | supervisor | a socket at which clients of a console are announced |
/// | `files/CONTAINER/…` | daemon | files rendered from the image table |
/// | `volumes/NAME/…` | daemon, containers | the contents of volumes |
/// | `last-words/CONTAINER` | containers | what `/dev/termination-log` is |
/// | `root` | supervisor | empty; where containers' root folders are put together |
public struct PodFolder: Sendable, Hashable {
    public static let stateFile = "state.json"
    public static let stopFile = "stop.json"
    public static let lockFile = "lock"
    public static let attachSocket = "attach"

    public let path: String

    public init(path: String) { self.path = path }

    public func plan() throws -> PodPlan { try PodPlan(try JSON(parsing: try PodFiles.read("\(path)/spec.json"))) }

    public func write(_ plan: PodPlan) throws(SystemError) {
        try PodFiles.replace("\(path)/spec.json", with: plan.json.encoded(), durably: false)
    }

    /// What the supervisor wrote last; `nil` before it wrote anything, or where the file was torn by a power failure.
    public func state() -> PodState? {
        guard let bytes = try? PodFiles.read("\(path)/\(Self.stateFile)"), let json = try? JSON(parsing: bytes) else {
            return nil
        }
        return try? PodState(json)
    }

    /// A pod's end is written durably: a finished pod must never run again. All else a power failure ends anyway.
    public func write(_ state: PodState) throws(SystemError) {
        try PodFiles.replace(
            "\(path)/\(Self.stateFile)", with: state.json.encoded(), durably: state.phase == .finished)
    }

    public func stopCommand() -> StopCommand? {
        guard let bytes = try? PodFiles.read("\(path)/\(Self.stopFile)"), let json = try? JSON(parsing: bytes) else {
            return nil
        }
        return try? StopCommand(json)
    }

    public func write(_ command: StopCommand) throws(SystemError) {
        try PodFiles.replace("\(path)/\(Self.stopFile)", with: command.json.encoded())
    }

    public func logFolder(container: String) -> String { "\(path)/logs/\(container)" }
    public func logFile(container: String, run: Int) -> String { "\(logFolder(container: container))/\(run).log" }

    public func volume(_ name: String) -> String { "\(path)/volumes/\(name)" }
    public func terminationMessage(container: String) -> String { "\(path)/last-words/\(container)" }
    public var mountScratch: String { "\(path)/root" }

    /// Takes the supervisor's lock for as long as the descriptor, or a copy made by fork, is open.
    ///
    /// - Returns: `nil` where another supervisor has it.
    public func lock() throws(SystemError) -> Int32? {
        let file = open("\(path)/\(Self.lockFile)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .last("open \(path)/\(Self.lockFile)") }
        guard flock(file, LOCK_EX | LOCK_NB) != 0 else { return file }
        let error = SystemError.last("lock \(path)/\(Self.lockFile)")
        close(file)
        guard error.code == EWOULDBLOCK else { throw error }
        return nil
    }

    /// Whether a supervisor holds the lock.
    public var isSupervised: Bool {
        // Opened for reading: closing it must not look like the supervisor's end to those who watch for that.
        let file = open("\(path)/\(Self.lockFile)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}
