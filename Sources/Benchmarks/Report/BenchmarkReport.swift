import Glibc
import JSONTree

/// Collects the figures of one benchmark and prints them; on a terminal it says meanwhile what is being measured.
struct BenchmarkReport {
    private let benchmark: String
    private let form: ReportOptions.Form
    private let machine = Machine()
    private(set) var measurements: [Measurement] = []

    init(_ benchmark: String, _ options: ReportOptions) {
        self.benchmark = benchmark
        form = options.output
    }

    /// Says on a terminal what is done now, in place of what was said before; nothing elsewhere.
    func progress(_ text: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        Self.say("\r\u{1B}[2K\u{1B}[34mINFO\u{1B}[0m     \(text)")
    }

    private static func say(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    mutating func add(_ measurement: Measurement) { measurements.append(measurement) }

    func finish() {
        if isatty(STDERR_FILENO) == 1 { Self.say("\r\u{1B}[2K") }
        switch form {
        case .table: print(table)
        case .json: print(String(decoding: json.encoded(), as: UTF8.self))
        }
    }

    private var table: String {
        var lines = [machine.description, "", "| measurement | result | goal | |", "|---|---:|---:|---|"]
        for row in measurements {
            let goal = row.goal.map { Measurement.text($0, row.unit) } ?? ""
            let details = row.details.map { "\($0.name) \(Measurement.text($0.value, $0.unit))" }
            lines.append(
                "| \(row.name) | \(Measurement.text(row.value, row.unit)) | \(goal) | \(details.joined(separator: ", ")) |"
            )
        }
        return lines.joined(separator: "\n")
    }

    private var json: JSON {
        let rows = measurements.map { row -> JSON in
            var object: JSON = [
                "name": .string(row.name), "value": Self.number(row.value), "unit": .string(row.unit),
            ]
            if let goal = row.goal { object["goal"] = Self.number(goal) }
            var details = JSONObject()
            for detail in row.details {
                details[detail.name] = ["value": Self.number(detail.value), "unit": .string(detail.unit)]
            }
            object["details"] = .object(details)
            return object
        }
        return [
            "benchmark": .string(benchmark),
            "machine": [
                "processors": JSON(machine.processors), "model": .string(machine.model),
                "memoryBytes": JSON(machine.memoryBytes),
            ],
            "measurements": .array(rows),
        ]
    }

    private static func number(_ value: Double) -> JSON {
        (try? JSON(parsing: Array(String(value).utf8))) ?? .null
    }
}
