/// Under which name the tool was called.
enum Invocation {
    static let canonicalName = "causewayctl"
    /// The name of the tool that this one stands in for, under which it may be called as well.
    static let alias = "liqoctl"

    /// The name to show in help and in printed commands: `liqoctl` when called so, otherwise `causewayctl`.
    static let name = name(CommandLine.arguments.first ?? "")

    /// - Parameter path: how the program was called, with or without folders.
    static func name(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) == alias ? alias : canonicalName
    }
}
