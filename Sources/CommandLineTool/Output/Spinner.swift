/// Shows on a terminal that something is going on, and for how many seconds, in one line that disappears at the end.
final class Spinner: Sendable {
    private static let frames = [
        "⠈⠁", "⠈⠑", "⠈⠱", "⠈⡱", "⢀⡱", "⢄⡱", "⢄⡱", "⢆⡱", "⢎⡱", "⢎⡰", "⢎⡠", "⢎⡀", "⢎⠁", "⠎⠁", "⠊⠁",
    ]
    private static let clear = "\r\u{1B}[2K"

    private let sink: any TextSink
    private let task: Task<Void, Never>

    init(_ text: String, on sink: any TextSink) {
        self.sink = sink
        task = Task {
            let start = ContinuousClock.now
            var frame = 0
            while !Task.isCancelled {
                let seconds = (ContinuousClock.now - start).components.seconds
                sink.write("\(Self.clear) \(Self.frames[frame % Self.frames.count])  \(text) (\(seconds)s)")
                frame += 1
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Takes the line away. Returns when nothing more is written.
    func stop() async {
        task.cancel()
        await task.value
        sink.write(Self.clear)
    }
}
