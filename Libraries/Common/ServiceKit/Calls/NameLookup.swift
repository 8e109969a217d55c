#if canImport(Glibc)
    import Glibc
#endif

/// Names of machines and the addresses behind them.
enum NameLookup {
    /// The name in a URL that has to be looked up.
    /// - Returns: nil where the URL has an address instead.
    static func name(in url: String) -> String? {
        guard let start = url.firstRange(of: "://")?.upperBound else { return nil }
        let authority = url[start...].prefix { $0 != "/" }
        guard !authority.hasPrefix("[") else { return nil }
        let name = String(authority.prefix { $0 != ":" })
        var address = in_addr()
        return name.isEmpty || inet_pton(AF_INET, name, &address) == 1 ? nil : name
    }

    /// All addresses of a name, of both families: which of them an instance listens on is not known here, and one that
    /// nobody listens on is soon marked as down. Blocks for as long as the machine's resolver takes, seconds at times.
    /// - Returns: nil where the look-up failed.
    static func addresses(of name: String) -> [String]? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &first) == 0 else { return nil }
        defer { freeaddrinfo(first) }
        return sequence(first: first, next: { $0?.pointee.ai_next }).compactMap { entry in
            guard let entry = entry?.pointee else { return nil }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let failure = getnameinfo(
                entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            guard failure == 0 else { return nil }
            return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}
