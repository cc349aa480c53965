import Foundation

/// Little that becomes much.
enum Bombs {
    /// A zlib stream that inflates to so many zeros, a thousandth of that size.
    static func zeros(_ count: Int) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", "import sys, zlib; sys.stdout.buffer.write(zlib.compress(bytes(\(count)), 9))",
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Array(bytes)
    }
}
