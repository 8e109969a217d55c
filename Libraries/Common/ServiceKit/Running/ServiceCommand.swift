package import Logging
package import Tokens

/// Something a service's program does once, on the command line, instead of serving.
package struct ServiceCommand: Sendable {
    let name: String
    /// What may stand behind the name, and what that does.
    let usage: [(arguments: String, help: String)]
    /// Does it, and returns what to print.
    let run: @Sendable (CommandContext) async throws -> String

    package init(
        name: String, usage: [(arguments: String, help: String)],
        run: @escaping @Sendable (CommandContext) async throws -> String
    ) {
        self.name = name
        self.usage = usage
        self.run = run
    }
}

/// What a command has at hand.
package struct CommandContext: Sendable {
    /// Those behind the command's name.
    package let arguments: [String]
    package let configuration: Configuration
    package let secret: DeploymentSecret
    package let logger: Logger
}
