import Foundation
import Fuzzing
import Testing

/// All inputs that fuzzing found to be of interest, crashes that were mended among them.
@Suite("Fuzzing corpus")
struct CorpusTests {
    @Test("what is kept of fuzzing is decoded or refused (F14)", arguments: FuzzTarget.allCases)
    func corpus(_ target: FuzzTarget) throws {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "Corpus/\(target.rawValue)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for file in files { target.decode([UInt8](try Data(contentsOf: file))) }
    }

    @Test("nothing, and what is only long, is decoded or refused", arguments: FuzzTarget.allCases)
    func extremes(_ target: FuzzTarget) {
        target.decode([])
        for byte: UInt8 in [0, 0x0A, 0x22, 0x30, 0x5B, 0x7B, 0xFF] {
            target.decode([UInt8](repeating: byte, count: 200_000))
        }
    }
}
