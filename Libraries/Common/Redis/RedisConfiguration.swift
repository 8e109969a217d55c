/// Where Redis is: `redis://[user:password@]host[:port][/database]`.
package struct RedisConfiguration: Sendable, Equatable {
    package let host: String
    package let port: Int32
    package let user: String?
    package let password: String?
    package let database: Int?

    /// Nil where the text is no such URL.
    package init?(url: String) {
        let scheme = "redis://"
        guard url.hasPrefix(scheme) else { return nil }
        let rest = url.dropFirst(scheme.count)
        let address = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(address.count + 1)
        let database = Int(path)
        guard path.isEmpty || database != nil else { return nil }
        let at = address.lastIndex(of: "@")
        let credentials = at.map { end in
            address[..<end].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        }
        let place = at.map { address[address.index(after: $0)...] } ?? address
        let parts = place.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let port = parts.count == 2 ? Int32(parts[1]) : 6379
        guard let host = parts.first, !host.isEmpty, let port, (1...65_535).contains(port) else { return nil }
        self.host = String(host)
        self.port = port
        self.database = database
        user = credentials?.first.flatMap { $0.isEmpty ? nil : String($0) }
        password = credentials.flatMap { $0.count == 2 ? String($0[1]) : nil }
    }
}
