import ArgumentParser

/// `tokens …`.
struct TokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens", abstract: "Show and delete the peer tokens that this cluster has given out.",
        subcommands: [ListTokensCommand.self, DeleteTokensCommand.self], defaultSubcommand: ListTokensCommand.self)
}

/// `tokens list`.
struct ListTokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tokens: their ids, never what makes them good.",
        discussion: "Tokens that were used or have expired go by themselves after a minute.")

    @Option(name: [.customShort("o"), .long], help: "How to print it.")
    var output = StatusFormat.text

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool { try await IssuedTokens(tool: $0).list(output) }
    }
}

/// `tokens delete ID…`.
struct DeleteTokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete tokens: nobody can peer with them any more.")

    @Argument(help: "The tokens' ids, as 'tokens list' shows them.")
    var ids: [String] = []

    @Flag(help: "Delete all tokens.")
    var all = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard all != !ids.isEmpty else { throw ValidationError("name the tokens' ids, or give --all") }
    }

    func run() async throws {
        try await global.withTool { try await IssuedTokens(tool: $0).delete(all ? nil : ids) }
    }
}
