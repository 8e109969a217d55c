#if canImport(Glibc)
    import Glibc
#endif

// The load tool: see `usage`. `./parley bench …` runs it against the system in a home folder.

let usage = """
    usage: parley-load --home DIR SCENARIO [--pairs P] [--in-flight W] [--rate R] [--seconds S] [--connections N] [--sweeps G]
                       [--json FILE]

      closed   P pairs, each with W messages in flight: how much goes through
      open     R messages per second over P pairs, latency counted from the intended moment of each send
      idle     N connections that say hello and nothing more: memory per connection
      connect  N connections opened at once: time until all are welcomed
      churn    N connections opened and closed again, some at a time: whether memory stays flat
      storm    N clients; all gateways are killed and started again: time until all are back and in sync

    With --sweeps, closed and open run beside the sweeps of G more gateways, which do nothing else.

    The system must have been started with `./parley up --profile bench`.
    """

do {
    let options = try LoadOptions(CommandLine.arguments.dropFirst())
    let report = try await Scenario.run(options)
    print(report.text)
    if let path = options.jsonPath { try report.write(to: path) }
    exit(report.isSound ? 0 : 1)
} catch {
    print("parley-load: \(error)\n\n\(usage)")
    exit(2)
}
