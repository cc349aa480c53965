import JSONTree
import Testing
import Wire

@Suite("Records of exec and attach")
struct ContainerRecordTests {
    private static let samples: [ContainerRecord] = [
        .standardInput([0]), .standardOutput(Array("hello\n".utf8)),
        .standardError([UInt8](repeating: 255, count: ContainerRecord.maximumBytes)), .endOfInput,
        .resize(columns: 132, rows: 43), .resize(columns: .max, rows: 0), .exit(status: 0), .exit(status: 137),
        .exit(status: -1), .failure(ContainerFailure(code: 404, reason: "NotFound", message: "no \"pod\"\u{0}")),
    ]

    private static func decode(
        _ pieces: [ArraySlice<UInt8>]
    ) throws(ContainerRecordError) -> (records: [ContainerRecord], isInside: Bool) {
        var decoder = ContainerRecordDecoder()
        var records: [ContainerRecord] = []
        for piece in pieces {
            decoder.append(piece)
            while let record = try decoder.next() { records.append(record) }
        }
        return (records, decoder.isInsideRecord)
    }

    @Test("records come out as they went in, however their bytes are cut")
    func cuts() throws {
        let bytes = Self.samples.flatMap(\.encoded)
        #expect(try Self.decode([bytes[...]]).records == Self.samples)
        let short = Self.samples.filter { $0.encoded.count < 1000 }
        let all = short.flatMap(\.encoded)
        for cut in 0...all.count {
            let (records, isInside) = try Self.decode([all[..<cut], all[cut...]])
            #expect(records == short && !isInside)
        }
        #expect(try Self.decode(all.indices.map { all[$0...$0] }).records == short)
        #expect(try Self.decode([all.dropLast()]).isInside)
    }

    @Test("the layout of bytes stays as it is")
    func layout() {
        #expect(ContainerRecord.standardInput([7]).encoded == [0, 0, 0, 0, 1, 7])
        #expect(ContainerRecord.endOfInput.encoded == [3, 0, 0, 0, 0])
        #expect(ContainerRecord.resize(columns: 258, rows: 3).encoded == [4, 0, 0, 0, 4, 1, 2, 0, 3])
        #expect(ContainerRecord.exit(status: 3).encoded == [5, 0, 0, 0, 4, 0, 0, 0, 3])
    }

    @Test(
        "what is no record is refused by its head, before its bytes come",
        arguments: [
            ([7], .unknownKind(7)), ([255, 0], .unknownKind(255)), ([0, 0, 0, 0, 0], .length(0, kind: 0)),
            ([1, 0, 1, 0, 1], .length(65_537, kind: 1)), ([2, 255, 255, 255, 255], .length(4_294_967_295, kind: 2)),
            ([3, 0, 0, 0, 1], .length(1, kind: 3)), ([4, 0, 0, 0, 5], .length(5, kind: 4)),
            ([5, 0, 0, 0, 3], .length(3, kind: 5)), ([6, 0, 0, 32, 1], .length(8193, kind: 6)),
        ] as [([UInt8], ContainerRecordError.Problem)])
    func refused(_ bytes: [UInt8], _ problem: ContainerRecordError.Problem) {
        #expect(throws: ContainerRecordError(problem)) { try Self.decode([bytes[...]]) }
    }

    @Test("a failure that is no JSON, or lacks its message, is a typed error")
    func failures() {
        for text in ["{ ", "[]", "{\"code\":500}", "{\"code\":7,\"message\":\"x\"}", "{\"code\":500,\"message\":3}"] {
            let bytes: [UInt8] = [6, 0, 0, 0, UInt8(text.utf8.count)] + text.utf8
            let error = #expect(throws: ContainerRecordError.self) { try Self.decode([bytes[...]]) }
            guard case .failure? = error?.problem else {
                Issue.record("\(text): \(String(describing: error))")
                continue
            }
        }
    }

    @Test("a failure fits its record whatever its words are")
    func longFailure() throws {
        for character in ["\u{1}", "\u{1F600}", "\"", "x"] {
            let words = String(repeating: character, count: 100_000)
            let record = ContainerRecord.failure(ContainerFailure(code: 500, reason: words, message: words))
            #expect(try Self.decode([record.encoded[...]]).records == [record])
        }
    }

    @Test("any bytes are records or a typed error")
    func anything() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if let first = bytes.first { bytes[0] = first % 8 }
            for place in 1..<4 where place < bytes.count { bytes[place] = 0 }
            do throws(ContainerRecordError) {
                let (records, _) = try Self.decode([bytes[...]])
                let count = records.reduce(0) { $0 + $1.encoded.count }
                // A failure may hold fields that are not known.
                #expect(count <= bytes.count || records.contains { if case .failure = $0 { true } else { false } })
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    // MARK: - Parameters

    @Test("a request survives its parameters")
    func parameters() throws {
        let request = ContainerStreamRequest(
            pod: .pod("shop", "web-1"), container: "web", command: ["sh", "-c", ""], standardInput: true,
            standardOutput: true, standardError: true)
        #expect(try ContainerStreamRequest(json: request.json) == request)
        let terminal = ContainerStreamRequest(pod: .pod("shop", "web-1"), standardOutput: true, terminal: true)
        #expect(try ContainerStreamRequest(json: terminal.json) == terminal)
        let forward = ForwardRequest(pod: .pod("shop", "web-1"), port: 65_535)
        #expect(try ForwardRequest(json: forward.json) == forward)
    }

    @Test(
        "a wrong field is named",
        arguments: [
            (["pod": "Namespace/shop", "stdout": true], "pod"), (["pod": "Pod/web", "stdout": true], "pod"),
            (["stdout": true], "pod"), (["pod": "Pod/a/b"], "stdin"), (["pod": "Pod/a/b", "stdin": 1], "stdin"),
            (["pod": "Pod/a/b", "stdout": true, "stderr": true, "tty": true], "stderr"),
            (["pod": "Pod/a/b", "stdout": true, "command": "ls"], "command"),
            (["pod": "Pod/a/b", "stdout": true, "command": ["a\u{0}b"]], "command"),
            (["pod": "Pod/a/b", "stdout": true, "command": JSON([String](repeating: "a", count: 4097))], "command"),
            (
                ["pod": "Pod/a/b", "stdout": true, "container": JSON.string(String(repeating: "c", count: 254))],
                "container"
            ),
        ] as [(JSON, String)])
    func wrongRequests(_ parameters: JSON, _ field: String) {
        #expect { try ContainerStreamRequest(json: parameters) } throws: { "\($0)".hasPrefix("parameters.\(field):") }
    }

    @Test("a port is a port")
    func ports() {
        for port in [0, 65_536, -1, "80", .null] as [JSON] {
            #expect { try ForwardRequest(json: ["pod": "Pod/a/b", "port": port]) } throws: {
                "\($0)".hasPrefix("parameters.port:")
            }
        }
    }
}
