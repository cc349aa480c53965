/// Kubernetes' expansion of `$(NAME)` in commands, arguments and environment values.
public enum VariableExpansion {
    /// Replaces each `$(NAME)` that `value` knows; an unknown one stays as it is, and `$$(NAME)` becomes `$(NAME)`.
    public static func expand(_ text: String, _ value: (String) -> String?) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var result: [UInt8] = []
        let bytes = Array(text.utf8)
        var place = 0
        let dollar = UInt8(ascii: "$")
        while place < bytes.count {
            guard bytes[place] == dollar, place + 1 < bytes.count else {
                result.append(bytes[place])
                place += 1
                continue
            }
            if bytes[place + 1] == dollar {
                result.append(dollar)
                place += 2
            } else if bytes[place + 1] == UInt8(ascii: "("),
                let end = bytes[(place + 2)...].firstIndex(of: UInt8(ascii: ")"))
            {
                let name = String(decoding: bytes[(place + 2)..<end], as: UTF8.self)
                result += value(name).map { Array($0.utf8) } ?? Array(bytes[place...end])
                place = end + 1
            } else {
                result.append(dollar)
                place += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
