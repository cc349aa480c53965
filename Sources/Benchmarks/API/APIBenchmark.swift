import ArgumentParser
import Glibc
import HTTPTransport
import NIOCore
import NIOPosix

/// The embedded cluster's API over HTTPS on loopback: how much it does a second, how soon watchers hear, and what it takes.
struct APIBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api", abstract: "Measure the API of an embedded cluster.")

    @OptionGroup var options: ReportOptions

    /// As in the figures of a real API server that this is compared with.
    private static let clients = 16
    private static let watchers = 100
    /// In the namespace that is listed.
    private static let listedPods = 4000
    /// In the file when the server starts again.
    private static let storedPods = 5000
    private static let namespace = "/api/v1/namespaces/bench"

    private var limit: Duration { options.quick ? .seconds(2) : .seconds(8) }

    func run() async throws {
        var report = BenchmarkReport("api", options)
        let folder = try ScratchFolder()
        report.progress("Starting a hub")
        let (hub, _) = try MeasuredServer.hub(in: folder.path)
        // What the start leaves behind takes a moment to settle.
        try await Task.sleep(for: .seconds(2))
        let idle = try hub.program.usage()
        report.add(Self.memory("idle memory", idle.residentBytes, goal: 49))
        let group = MultiThreadedEventLoopGroup.singleton
        let clients = try await LoadGenerator.connect(
            clients: Self.clients, to: hub.endpoint, tls: hub.tls, on: group)
        let request = RequestText(host: hub.endpoint.authority)
        try await prepare(clients, request)

        report.progress("Creating pods")
        try await creates(clients, request, hub, &report)
        report.progress("Getting pods")
        let bare = try MeasuredServer.bare(in: folder.path)
        let bareClients = try await LoadGenerator.connect(
            clients: Self.clients, to: bare.endpoint, tls: bare.tls, on: group)
        try await reads(clients, request, hub, bareClients, bare, &report)
        report.progress("Watching")
        try await watches(clients, request, hub, on: group.next(), &report)
        report.add(Self.memory("memory afterwards", try hub.program.usage().residentBytes, goal: 73))

        report.progress("Starting again after SIGKILL")
        await bareClients.close()
        await clients.close()
        hub.program.end(SIGKILL)
        let (again, start) = try MeasuredServer.hub(in: folder.path)
        report.add(
            Measurement(
                name: "start to ready, \(Self.storedPods) pods in the file, after SIGKILL",
                value: start / .milliseconds(1),
                unit: "ms", details: [Self.processorTime(try again.program.usage().processorSeconds * 1000, "ms")]))
        report.finish()
    }

    private static func memory(_ name: String, _ bytes: Int, goal: Double? = nil) -> Measurement {
        Measurement(name: name, value: Double(bytes) / 1e6, unit: "MB", goal: goal)
    }

    private static func processorTime(_ value: Double, _ unit: String) -> Measurement.Detail {
        Measurement.Detail(name: "server CPU", value: value, unit: unit)
    }

    private func prepare(_ clients: LoadGenerator, _ request: RequestText) async throws {
        let namespaces = ["bench", "bench-more", "bench-watch"]
        _ = try await clients.run(count: namespaces.count, atMost: .seconds(10)) { number in
            request.send(
                "POST", "/api/v1/namespaces",
                #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"\#(namespaces[number])"}}"#)
        }
    }

    /// Runs a load and adds its figures.
    private func measure(
        _ name: String, goal: Double? = nil, _ clients: LoadGenerator, _ server: MeasuredServer, count: Int = .max,
        atMost limit: Duration, beside bare: LoadResult? = nil, _ request: @escaping @Sendable (Int) -> ByteBuffer
    ) async throws -> (result: LoadResult, measurement: Measurement) {
        let before = try server.program.usage()
        let result = try await clients.run(count: count, atMost: limit, request: request)
        let used = try server.program.usage().processorSeconds - before.processorSeconds
        var measurement = Measurement(name: name, value: result.perSecond, unit: "/s", goal: goal)
        measurement.details = [
            Measurement.Detail(name: "median", value: result.milliseconds(0.5), unit: "ms"),
            Measurement.Detail(name: "99 %", value: result.milliseconds(0.99), unit: "ms"),
            Self.processorTime(used * 1000 / Double(max(1, result.count)), "s per 1,000"),
        ]
        if let bare {
            measurement.details.append(
                Measurement.Detail(name: "of the bare handler's", value: result.perSecond / bare.perSecond, unit: ""))
        }
        return (result, measurement)
    }

    private func creates(
        _ clients: LoadGenerator, _ request: RequestText, _ hub: MeasuredServer, _ report: inout BenchmarkReport
    ) async throws {
        let pod = BenchmarkPod()
        let before = try hub.program.usage()
        let (result, creates) = try await measure(
            "creates of 2 kB pods, each on the disk before its answer", goal: 5000, clients, hub,
            count: Self.storedPods, atMost: .seconds(60)
        ) { number in
            let namespace = number < Self.listedPods ? Self.namespace : Self.namespace + "-more"
            return request.send("POST", "\(namespace)/pods", pod.text(named: "pod-\(number)"))
        }
        guard result.count == Self.storedPods else {
            throw BenchmarkFailure("only \(result.count) of \(Self.storedPods) pods were made in a minute")
        }
        report.add(creates)
        let grown = try hub.program.usage().residentBytes - before.residentBytes
        report.add(Self.memory("memory per 1,000 pods", grown * 1000 / Self.storedPods))
    }

    private func reads(
        _ clients: LoadGenerator, _ request: RequestText, _ hub: MeasuredServer, _ bareClients: LoadGenerator,
        _ bare: MeasuredServer, _ report: inout BenchmarkReport
    ) async throws {
        let bareRequest = RequestText(host: bare.endpoint.authority)
        // Both answer with the same number of bytes.
        let podBytes = try await length(of: "\(Self.namespace)/pods/pod-0", clients, request)
        let (small, bareTrips) = try await measure(
            "round trips of the bare TLS handler, as long as a pod", bareClients, bare, atMost: limit
        ) { _ in bareRequest.get("/\(podBytes)") }
        report.add(bareTrips)
        let (_, gets) = try await measure("gets", goal: 20_000, clients, hub, atMost: limit, beside: small) { number in
            request.get("\(Self.namespace)/pods/pod-\(number % Self.listedPods)")
        }
        report.add(gets)
        report.progress("Listing pods")
        let listBytes = try await length(of: "\(Self.namespace)/pods", clients, request)
        let (large, bareLists) = try await measure(
            "round trips of the bare TLS handler, as long as a list", bareClients, bare, atMost: limit
        ) { _ in bareRequest.get("/\(listBytes)") }
        report.add(bareLists)
        var (_, lists) = try await measure(
            "lists of 4,000 pods", goal: 100, clients, hub, atMost: limit, beside: large
        ) { _ in request.get("\(Self.namespace)/pods") }
        lists.details.append(Measurement.Detail(name: "each", value: Double(listBytes) / 1e6, unit: "MB"))
        report.add(lists)
    }

    /// How long the answer to a GET is, in bytes.
    private func length(of target: String, _ clients: LoadGenerator, _ request: RequestText) async throws -> Int {
        try await clients.run(count: 1, atMost: .seconds(10)) { _ in request.get(target) }.longest
    }

    private func watches(
        _ clients: LoadGenerator, _ request: RequestText, _ hub: MeasuredServer, on eventLoop: any EventLoop,
        _ report: inout BenchmarkReport
    ) async throws {
        let rounds = options.quick ? 50 : 300
        let namespace = Self.namespace + "-watch"
        let watchers = WatcherGroup()
        try await watchers.connect(
            Self.watchers, to: hub.endpoint, tls: hub.tls, request: request.get("\(namespace)/pods?watch=true"),
            on: eventLoop)
        let before = try hub.program.usage()
        let pod = BenchmarkPod().text(named: "watched")
        var latencies: [Duration] = []
        for round in 0..<rounds {
            let begun = ContinuousClock.now
            _ = try await clients.run(count: 1, atMost: .seconds(10)) { _ in
                round == 0
                    ? request.send("POST", "\(namespace)/pods", pod)
                    : request.send(
                        "PATCH", "\(namespace)/pods/watched", type: "application/merge-patch+json",
                        #"{"metadata":{"annotations":{"round":"\#(round)"}}}"#)
            }
            latencies += try await watchers.events(Self.watchers).map { $0 - begun }
        }
        let used = try hub.program.usage().processorSeconds - before.processorSeconds
        latencies.sort()
        report.add(
            Measurement(
                name: "from a write to its event at \(Self.watchers) watchers",
                value: LoadResult.milliseconds(0.5, of: latencies),
                unit: "ms",
                details: [
                    Measurement.Detail(name: "99 %", value: LoadResult.milliseconds(0.99, of: latencies), unit: "ms"),
                    Self.processorTime(used * 1000 / Double(latencies.count), "s per 1,000"),
                ]))
        await watchers.close()
    }
}
