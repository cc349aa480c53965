/// Calls `body` with the bytes of a sequence in one piece: in place where it stores them so, else copied once.
///
/// The base address is never nil, so that C functions which refuse a null pointer take empty input too.
func withContiguousBytes<Result>(_ bytes: some Sequence<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    func call(_ buffer: UnsafeBufferPointer<UInt8>) -> Result {
        guard buffer.baseAddress != nil else {
            var nothing: UInt8 = 0
            return withUnsafeBytes(of: &nothing) { body(UnsafeRawBufferPointer(rebasing: $0[..<0])) }
        }
        return body(UnsafeRawBufferPointer(buffer))
    }
    if let result = bytes.withContiguousStorageIfAvailable(call) { return result }
    return Array(bytes).withUnsafeBufferPointer(call)
}
