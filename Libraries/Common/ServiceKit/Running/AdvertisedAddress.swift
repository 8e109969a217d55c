import NIOCore

/// Where others reach the internal listener of this instance, when nobody has said it.
struct AdvertisedAddress {
    /// The addresses of this machine, in the order of its interfaces.
    let machine: [String]

    /// Those of the machine that runs this.
    static func ofThisMachine() throws -> AdvertisedAddress {
        AdvertisedAddress(machine: try System.enumerateDevices().compactMap { $0.address?.ipAddress })
    }

    /// The URL of a listener: by its own host, or, where that means all interfaces, by the first address of the machine
    /// that is not loopback, IPv4 before IPv6. A container in one network has exactly one such address. A machine
    /// without any is reached by itself alone.
    func url(ofListenerAt host: String, port: Int, scheme: String = "http") -> String {
        guard ["0.0.0.0", "::"].contains(host) else { return Self.url(scheme, host, port) }
        let outside = machine.filter { address in
            !address.hasPrefix("127.") && address != "::1" && !address.lowercased().hasPrefix("fe80:")
        }
        let own = outside.first { !$0.contains(":") } ?? outside.first
        return Self.url(scheme, own ?? (host == "::" ? "::1" : "127.0.0.1"), port)
    }

    private static func url(_ scheme: String, _ host: String, _ port: Int) -> String {
        host.contains(":") ? "\(scheme)://[\(host)]:\(port)" : "\(scheme)://\(host):\(port)"
    }
}
