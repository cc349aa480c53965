import Foundation
import JSONTree
import Testing

/// Recorded exchanges of a real Kubernetes 1.36.
enum Fixture {
    /// The lines of `Fixtures/NAME.jsonl`.
    static func lines(_ name: String) throws -> [JSON] {
        let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures")
        let data = try Data(contentsOf: folder.appendingPathComponent("\(name).jsonl"))
        return try data.split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: $0) }
    }
}

extension JSON {
    /// The value without members that differ from run to run.
    func without(_ paths: [[String]]) -> JSON {
        var copy = self
        for path in paths { copy[path] = nil }
        return copy
    }
}
