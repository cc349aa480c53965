import FoundationEssentials
import Glibc

/// A folder for one run, removed with all that is in it at the end.
final class ScratchFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/causeway-bench.XXXXXX\u{0}".utf8).map(CChar.init(bitPattern:))
        guard mkdtemp(&template) != nil else {
            throw BenchmarkFailure("no folder can be made in /tmp (\(String(cString: strerror(errno))))")
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
