#if canImport(Glibc)
    import Glibc
#endif

// The load tool: see `usage`. `./parley bench …` runs it against the system in a home folder.

let usage = """
    usage: parley-load --home DIR SCENARIO [--pairs P] [--in-flight W] [--rate R] [--seconds S] [--connections N]
                       [--chats C] [--messages M] [--sweeps G] [--edge] [--json FILE] [--html FILE] [--baseline FILE]

      closed   P pairs, each with W messages in flight: how much goes through
      open     R messages per second over P pairs, latency counted from the intended moment of each send
      chats    P × W messages in flight over C chats, each message in another one, of as few people as have so many
      idle     N connections that say hello and nothing more: memory per connection
      connect  N connections opened at once: time until all are welcomed
      churn    N connections opened and closed again, some at a time: whether memory stays flat
      storm    N clients; all gateways are killed and started again: time until all are back and in sync
      signin   N people sign in by password, W at a time
      history  P chats with M messages in all, written by SQL; W readers take pages, chat lists, syncs and searches, with
               R messages per second beside them if R is given
      day      N people of whom a fifth chat, R messages per second, with typing and cursors; the rest is idle, and one
               in a thousand a second comes back
      quick    a little of closed and open, and CPU per message against the baseline

    With --sweeps, closed and open run beside the sweeps of G more gateways, which do nothing else.
    With --edge, WebSockets go through the edge and not straight to the gateways.
    --html writes a page with the figures and their curves, --json the figures alone.

    The system must have been started with `./parley up --profile bench`.
    """

do {
    let options = try LoadOptions(CommandLine.arguments.dropFirst())
    let report = try await Scenario.run(options)
    print(report.text)
    if let path = options.jsonPath { try report.writeJSON(to: path) }
    if let path = options.htmlPath { try report.writeHTML(to: path) }
    exit(report.isSound ? 0 : 1)
} catch {
    print("parley-load: \(error)\n\n\(usage)")
    exit(2)
}
