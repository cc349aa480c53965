#if canImport(Glibc)
    import Glibc
#endif

/// The decoder that the environment's `CAUSEWAY_FUZZ_TARGET` names.
private let chosen: FuzzTarget = {
    guard let name = getenv("CAUSEWAY_FUZZ_TARGET"), let target = FuzzTarget(rawValue: String(cString: name)) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        let words = Array("set CAUSEWAY_FUZZ_TARGET to one of: \(names)\n".utf8)
        _ = write(STDERR_FILENO, words, words.count)
        // Not as a crash, which libFuzzer would keep as a finding.
        _exit(2)
    }
    return target
}()

/// What libFuzzer's program calls.
@_cdecl("causeway_fuzz")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    chosen.decode(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
