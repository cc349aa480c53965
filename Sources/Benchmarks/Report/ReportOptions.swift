import ArgumentParser

/// What every benchmark is asked.
struct ReportOptions: ParsableArguments {
    enum Form: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
    }

    @Option(name: [.short, .customLong("output")], help: "How the results are printed: table or json.")
    var output = Form.table

    @Flag(help: "A short run: the figures are rougher.")
    var quick = false
}
