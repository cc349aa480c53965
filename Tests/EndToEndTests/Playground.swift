import Foundation
import Testing

/// A playground in a temporary folder, of the debug build, and the environment to work with it.
struct Playground: Sendable {
    let folder: String
    /// What the shell that ran `eval "$(scripts/playground env)"` would have.
    private(set) var environment: [String: String]

    /// Starts one with these edges, hands it over, and removes all of it whatever happens.
    ///
    /// - Parameters:
    ///   - folder: where, if that must be known before.
    ///   - variables: what `scripts/playground` heeds besides.
    static func with(
        edges: [String], folder: String = newFolder(), variables: [String: String] = [:],
        _ body: @Sendable (Playground) async throws -> Void
    ) async throws {
        let playground = Playground(
            folder: folder, environment: variables.merging(["CAUSEWAY_PLAYGROUND": folder]) { $1 })
        do {
            let up = try await playground.run("scripts/playground up --debug --edges \(edges.joined(separator: ","))")
            try #require(up.status == 0, "\(up.text)")
            try await body(playground)
        } catch {
            _ = try? await playground.run("scripts/playground down")
            throw error
        }
        let down = try await playground.run("scripts/playground down")
        #expect(down.status == 0, "\(down.text)")
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    /// The name of a folder that is not there.
    static func newFolder() -> String { NSTemporaryDirectory() + "causeway-\(UUID().uuidString.prefix(8))" }

    /// Runs a command with the playground's programs, kubectl and kubeconfigs, where it is up.
    func run(_ command: String) async throws -> ShellResult {
        try await Shell.run(
            "if [[ -f $CAUSEWAY_PLAYGROUND/build ]]; then eval \"$(scripts/playground env)\"; fi\n" + command,
            environment)
    }

    /// Runs a command that must succeed, and gives its output.
    @discardableResult
    func expect(_ command: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let result = try await run(command)
        try #require(result.status == 0, "\(command): \(result.text)", sourceLocation: sourceLocation)
        return result.output
    }

    /// Runs a command that must fail and say all these texts on its standard error, and nothing secret.
    func refuse(
        _ command: String, saying texts: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let result = try await run(command)
        #expect(result.status != 0, "\(command) succeeded: \(result.text)", sourceLocation: sourceLocation)
        for text in texts {
            #expect(
                result.text.localizedCaseInsensitiveContains(text), "\(command) said: \(result.text)",
                sourceLocation: sourceLocation)
        }
    }

    /// Waits until a command succeeds.
    func eventually(
        _ command: String, within limit: Duration = .seconds(30), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            let result = try await run(command)
            if result.status == 0 { return }
            guard ContinuousClock.now < deadline else {
                Issue.record("\(command): not within \(limit): \(result.text)", sourceLocation: sourceLocation)
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Everything of Causeway's own that a refused command must leave as it is: names, specs and phases of all its objects.
    func picture() async throws -> String {
        try await expect(
            """
            for config in "$CAUSEWAY_PLAYGROUND"/liqo_kubeconf_*; do
                kubectl --kubeconfig "$config" get foreignclusters,namespaceoffloadings,namespaces,nodes -A \
                    -o jsonpath='{range .items[*]}{.kind}{" "}{.metadata.namespace}{"/"}{.metadata.name}{" "}{.metadata.uid}{" "}{.spec}{"\\n"}{end}'
            done
            """)
    }
}
