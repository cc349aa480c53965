import COpenSSL

/// OpenSSL's error queue of this thread.
///
/// All connections of an event loop share it: it is cleared before every call whose failure is to be explained.
enum OpenSSLErrors {
    /// One entry of the queue.
    struct Entry {
        let library: Int32
        let reason: Int32
        let text: String
    }

    /// Clearing takes longer than a look, and nearly always there is nothing.
    static func clear() { if ERR_peek_error() != 0 { ERR_clear_error() } }

    /// Takes all entries, oldest first.
    static func take() -> [Entry] {
        var entries: [Entry] = []
        while true {
            let code = ERR_get_error()
            guard code != 0 else { return entries }
            let text = ERR_reason_error_string(code).map { String(cString: $0) } ?? "OpenSSL error \(code)"
            // ERR_GET_LIB and ERR_GET_REASON of OpenSSL 3, which are inline functions.
            entries.append(
                Entry(library: Int32(code >> 23 & 0xff), reason: Int32(code & 0x7f_ffff), text: text))
        }
    }

    /// Takes all entries as one text; nil when there are none.
    static func takeText() -> String? {
        let texts = take().map(\.text)
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }

    /// The error for a call that fails only without memory or by a defect.
    static func unexpected(_ operation: String) -> TLSError {
        TLSError(.internal, "OpenSSL could not \(operation); check the system's libssl and memory", cause: takeText())
    }
}
