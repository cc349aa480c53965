import JSONTree
import Testing
import Wire

@Suite("Requests for logs")
struct LogsRequestTests {
    @Test("a request survives its parameters; a wrong field is named")
    func roundTrip() throws {
        let request = LogsRequest(
            pod: .pod("shop", "web-1"), container: "web", follow: true, previous: true, timestamps: true, tailLines: 5,
            sinceSeconds: 60, sinceTime: "2026-01-01T00:00:00Z", limitBytes: 100)
        #expect(try LogsRequest(json: request.json) == request)
        #expect { try LogsRequest(json: ["pod": "Pod/shop/web-1", "tailLines": "5"]) } throws: {
            "\($0)".hasPrefix("parameters.tailLines:")
        }
    }
}
