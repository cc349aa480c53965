import Foundation
import Testing

/// All that starts real programs, one test after the other: each has the machine for itself.
@Suite(.serialized)
enum EndToEnd {}

extension EndToEnd {
    /// Both tutorials, run by `scripts/demo` with the debug build: it judges every output itself.
    @Suite(.serialized)
    struct TutorialTests {
        /// Runs `scripts/demo` in a folder of its own, and with the programs that the tests were built with: whoever runs the
        /// tests has locked the build.
        private func demo(_ arguments: String, patience: Int) async throws {
            let folder = NSTemporaryDirectory() + "causeway-\(UUID().uuidString.prefix(8))"
            let result = try await Shell.run(
                "scripts/demo --debug --built \(arguments)",
                ["CAUSEWAY_PLAYGROUND": folder, "CAUSEWAY_PATIENCE": "\(patience)"])
            #expect(result.status == 0, "\(result.text)")
            #expect(result.output.contains(" passed, 0 failed"))
            #expect(!FileManager.default.fileExists(atPath: folder))
        }

        @Test("a demonstration prints what it says, command by command", arguments: ["replicated", "dynamic", "failover"])
        func tutorial(name: String) async throws {
            // The machine may be busy with other things: what must happen within two seconds may take longer here.
            try await demo(name, patience: 10)
        }

        @Test(
            "killing a daemon before every step and starting it again changes nothing of a tutorial (F4, F6)",
            arguments: ["replicated", "dynamic"], ["europe-cloud", "europe-rome-edge", "europe-milan-edge"])
        func killed(name: String, victim: String) async throws {
            try await demo("\(name) --kill \(victim)", patience: 20)
        }

        @Test("half a minute of random faults loses nothing and doubles nothing (F23, I1, I2, I3, I4, I5, I6)")
        func chaos() async throws {
            let folder = NSTemporaryDirectory() + "causeway-\(UUID().uuidString.prefix(8))"
            let seed = Int.random(in: 0..<1_000_000)
            let result = try await Shell.run(
                "scripts/chaos --debug --built --minutes 0.5 --seed \(seed)", ["CAUSEWAY_PLAYGROUND": folder])
            #expect(result.status == 0, "seed \(seed): \(result.text)")
            #expect(result.output.contains(" passed, 0 failed"))
            #expect(!FileManager.default.fileExists(atPath: folder))
        }
    }
}
