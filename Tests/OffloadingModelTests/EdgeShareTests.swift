import KubernetesModel
import Testing

@testable import OffloadingModel

@Suite struct EdgeShareTests {
    private let whole: ResourceAmounts = [
        "cpu": Quantity(milli: 3001), "memory": Quantity(1025, format: .binarySI), "pods": Quantity(11),
        "example.com/gpu": Quantity(3),
    ]

    @Test(
        "a share limits what it names, rounded down",
        arguments: [
            ("100%", ["cpu": "3001m", "memory": "1025", "pods": "11", "example.com/gpu": "3"]),
            ("50%", ["cpu": "1500m", "memory": "512", "pods": "5", "example.com/gpu": "1"]),
            ("0%", ["cpu": "0", "memory": "0", "pods": "0", "example.com/gpu": "0"]),
            ("cpu=2,memory=4Gi,pods=20", ["cpu": "2", "memory": "4Gi", "pods": "20"]),
            (
                "50%, pods = 10,example.com/gpu=0",
                ["cpu": "1500m", "memory": "512", "pods": "10", "example.com/gpu": "0"]
            ),
            ("cpu=10%,example.com/fpga=50%", ["cpu": "300m", "example.com/fpga": "0"]),
        ])
    func limits(text: String, expected: [String: String]) throws {
        let share = try #require(EdgeShare(text))
        #expect(share.limits(of: whole).mapValues(\.description) == expected)
        #expect(EdgeShare(share.description) == share)
    }

    @Test(
        "what is no share is refused",
        arguments: [
            "", "101%", "-1%", "%", "50", "half", "cpu", "cpu=", "cpu=-1", "cpu=1,cpu=2", "50%,60%", "a b=1", "cpu=1,,",
            "=5",
        ])
    func malformed(text: String) { #expect(EdgeShare(text) == nil) }

    @Test("everything is no limit")
    func everything() {
        #expect(EdgeShare.everything.limits(of: whole).isEmpty)
        #expect(EdgeShare.everything.isEverything && EdgeShare("100%")?.isEverything == true)
        #expect(EdgeShare("100%,pods=5")?.isEverything == false)
        #expect(EdgeShare.everything.description == "100%")
    }
}
