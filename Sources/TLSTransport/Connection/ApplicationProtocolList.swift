/// The list of application protocols as it stands in a handshake (RFC 7301): each name after a byte with its length.
enum ApplicationProtocolList {
    /// - Throws: ``TLSError/Code/invalidInput`` for a name that is empty or longer than 255 bytes, or too many names.
    static func encode(_ names: [String]) throws(TLSError) -> [UInt8] {
        var list: [UInt8] = []
        for name in names {
            guard let length = UInt8(exactly: name.utf8.count), length > 0 else {
                throw TLSError(.invalidInput, "the application protocol “\(name)” must have 1 to 255 bytes")
            }
            list.append(length)
            list.append(contentsOf: name.utf8)
        }
        guard list.count <= Int(UInt16.max) else {
            throw TLSError(.invalidInput, "\(names.count) application protocols are more than a handshake can hold")
        }
        return list
    }
}
