import Glibc
import PodHost
import PodRecords

/// The log of one run of a container: `N.log`, and `N.log.1` with what came before it grew too large.
final class ContainerLog {
    /// Bytes after which a file is put aside; as the kubelet's default.
    private static let rotatedAbove = 10 << 20

    private let path: String
    private var file: Int32 = -1
    /// The bytes of the current file.
    private(set) var size = 0
    private var output = LogLineSplitter(stream: .standardOutput)
    private var error = LogLineSplitter(stream: .standardError)

    /// Opens the log of a run and removes those of runs before the previous one.
    init(folder: PodFolder, container: String, run: Int) {
        path = folder.logFile(container: container, run: run)
        let logs = folder.logFolder(container: container)
        try? PodFiles.makeFolders(logs)
        for name in PodFiles.names(in: logs) {
            if let old = name.split(separator: ".").first.flatMap({ Int($0) }), old < run - 1 {
                unlink("\(logs)/\(name)")
            }
        }
        openFile()
    }

    private func openFile() {
        file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        var status = stat()
        size = file >= 0 && fstat(file, &status) == 0 ? Int(status.st_size) : 0
    }

    func take(_ bytes: ArraySlice<UInt8>, from stream: LogLine.Stream) {
        var lines: [UInt8] = []
        let now = HostClock.now().wall
        switch stream {
        case .standardOutput: output.take(bytes, at: now, into: &lines)
        case .standardError: error.take(bytes, at: now, into: &lines)
        }
        write(lines)
    }

    /// The bytes of a stream taken last that are not in the file yet, because their line goes on.
    func pendingCount(_ stream: LogLine.Stream) -> Int {
        switch stream {
        case .standardOutput: output.pendingCount
        case .standardError: error.pendingCount
        }
    }

    /// Writes what is left of unfinished lines and closes the file.
    func finish() {
        var lines: [UInt8] = []
        let now = HostClock.now().wall
        output.finish(at: now, into: &lines)
        error.finish(at: now, into: &lines)
        write(lines)
        if file >= 0 { close(file) }
        file = -1
    }

    /// A full disk costs lines, never the pod.
    private func write(_ lines: [UInt8]) {
        guard !lines.isEmpty, file >= 0 else { return }
        if size > Self.rotatedAbove {
            rename(path, path + ".1")
            close(file)
            openFile()
        }
        try? PodFiles.writeAll(lines, to: file, path: path)
        size += lines.count
    }
}
