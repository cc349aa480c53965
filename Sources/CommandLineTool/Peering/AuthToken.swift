import Sessions

/// Where `peer out-of-band` takes its token from.
enum AuthToken {
    /// The variable that is read where no option gives a token.
    static let variable = "CAUSEWAY_AUTH_TOKEN"
    /// More than any token has, in bytes.
    private static let limit = 4096

    /// - Parameters:
    ///   - argument: `--auth-token`; `-` for the standard input.
    ///   - file: `--auth-token-file`; `-` for the standard input.
    /// - Throws: `ToolError`, which never repeats what was given.
    static func obtain(argument: String?, file: String?, host: ToolHost) throws -> PeerToken {
        let text: String
        switch (argument, file) {
        case (.some, .some):
            throw ToolError("give --auth-token or --auth-token-file, not both")
        case ("-", nil), (nil, "-"):
            text = try decode(host.readInput(limit), "the standard input")
        case (let argument?, nil):
            text = argument
        case (nil, let file?):
            text = try decode(BoundedInput.read(path: file, limit: limit), "the file \(file)")
        case (nil, nil):
            guard let variable = host.environment[variable], !variable.isEmpty else {
                throw ToolError("there is no token: give --auth-token, --auth-token-file or the variable \(variable)")
            }
            text = variable
        }
        do {
            return try PeerToken(parsing: text)
        } catch {
            throw ToolError("the token cannot be used: \(error.message)")
        }
    }

    private static func decode(_ bytes: [UInt8]?, _ source: String) throws -> String {
        guard let bytes else { throw ToolError("no token can be read from \(source)") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
