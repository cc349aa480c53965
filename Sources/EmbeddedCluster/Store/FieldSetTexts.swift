/// Where owned fields stand in the text of an object as it is stored: JSON without white space.
///
/// The sets of fields are most of `metadata.managedFields`, and equal for all objects that were made alike, whereas the times
/// beside them differ. A quoted key cannot be within a string, where its quotes would be escaped.
enum FieldSetTexts {
    private static let setKey = Array(#""fieldsV1":"#.utf8)
    private static let listKey = Array(#""managedFields":"#.utf8)

    /// The ranges of the values of all `fieldsV1` in the text of `managedFields`, in order; none of what is not closed.
    static func ranges(in text: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        while let range = value(of: setKey, in: text[(ranges.last?.upperBound ?? 0)...]) { ranges.append(range) }
        return ranges
    }

    /// The range of the first `managedFields` in the text of an object, which are the object's own where its metadata are
    /// the first to have such a field.
    static func list(in text: [UInt8]) -> Range<Int>? { value(of: listKey, in: text[...]) }

    /// Where the object or array is that follows a key.
    private static func value(of key: [UInt8], in text: ArraySlice<UInt8>) -> Range<Int>? {
        text.withUnsafeBufferPointer { bytes in
            var rest = bytes[...]
            while let quote = rest.firstIndex(of: UInt8(ascii: "\"")) {
                rest = rest[quote...]
                if rest.starts(with: key) {
                    let start = quote + key.count
                    guard let end = end(ofContainerIn: bytes[start...]) else { return nil }
                    return text.startIndex + start..<text.startIndex + end
                }
                rest = rest.dropFirst()
            }
            return nil
        }
    }

    private static func end(ofContainerIn text: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for (place, byte) in zip(text.indices, text) {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return place + 1 }
            case UInt8(ascii: "\"") where depth > 0: isInString = true
            default: break
            }
            if depth <= 0 { return nil }
        }
        return nil
    }
}
