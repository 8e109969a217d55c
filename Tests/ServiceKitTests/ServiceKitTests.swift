import ChatProtocol
import Hummingbird
import Testing

@testable import ServiceKit

@Suite("A rate limiter")
struct RateLimiterTests {
    @Test("lets a burst through, then says how long to wait, and recovers")
    func bucket() throws {
        let limiter = RateLimiter<String>("x", burst: 3, perSecond: 2, profile: .standard)
        let start = ContinuousClock.now
        for _ in 0..<3 { #expect(limiter.take("x", now: start) == nil) }
        let wait = try #require(limiter.take("x", now: start))
        #expect(wait > .milliseconds(400) && wait < .milliseconds(600))
        #expect(limiter.take("y", now: start) == nil)
        #expect(limiter.take("x", now: start.advanced(by: .milliseconds(600))) == nil)
    }

    @Test("keeps a bounded number of keys, and does not forget who goes on under a flood of them")
    func bounded() {
        let limiter = RateLimiter<Int>("x", burst: 2, perSecond: 0.001, keysMax: 100, profile: .standard)
        #expect(limiter.take(-1) == nil)
        #expect(limiter.take(-1) == nil)
        for key in 0..<10_000 {
            _ = limiter.take(key)
            #expect(limiter.keyCount <= 100)
            if key.isMultiple(of: 40) { #expect(limiter.take(-1) != nil) }
        }
    }

    @Test("says on the answer which policies a request met, and how it stands with them")
    func headers() throws {
        let users = RateLimiter<String>("user", burst: 3, perSecond: 2, profile: .standard)
        let searches = RateLimiter<String>("search", burst: 1, perSecond: 0.1, profile: .standard)
        let lifted = RateLimiter<String>("lifted", burst: 1, perSecond: 1, profile: .bench)
        let standings = RateStandings()
        RateStandings.$current.withValue(standings) {
            for _ in 0..<2 { _ = users.take("ada") }
            for _ in 0..<2 { _ = searches.take("ada") }
            _ = lifted.take("ada")
        }
        var response = Response.noContent
        standings.addHeaders(to: &response)
        #expect(response.headers[.rateLimitPolicy] == #""user";q=3;w=2, "search";q=1;w=10"#)
        #expect(response.headers[.rateLimit] == #""user";r=1;t=1, "search";r=0;t=10"#)
        var other = Response.noContent
        RateStandings().addHeaders(to: &other)
        #expect(other.headers[.rateLimitPolicy] == nil && other.headers[.rateLimit] == nil)
    }

    @Test("comes with Retry-After in whole seconds, as every answer that asks for patience")
    func retryAfter() {
        let wait = ParleyError(.rateLimited, "later", retryAfter: .milliseconds(1200))
        #expect(Response.error(wait).headers[.retryAfter] == "2")
        #expect(Response.error(ParleyError(.unavailable, "later")).headers[.retryAfter] == "1")
        #expect(Response.error(ParleyError(.notFound, "no")).headers[.retryAfter] == nil)
    }
}

@Suite("The address of a client")
struct ClientAddressTests {
    private let addresses: ClientAddress

    init() throws { addresses = try ClientAddress(trustedProxies: ["127.0.0.1", "10.0.0.1"]) }

    @Test("is that of the connection, whatever a client writes into X-Forwarded-For")
    func spoofed() {
        #expect(addresses.of(peer: "8.8.8.8", forwardedFor: "1.2.3.4") == "8.8.8.8")
    }

    @Test("is the last one that a trusted proxy did not write about itself")
    func forwarded() {
        #expect(addresses.of(peer: "127.0.0.1", forwardedFor: "6.6.6.6, 1.2.3.4") == "1.2.3.4")
        #expect(addresses.of(peer: "127.0.0.1", forwardedFor: "6.6.6.6, 1.2.3.4, 10.0.0.1") == "1.2.3.4")
        #expect(addresses.of(peer: "127.0.0.1", forwardedFor: nil) == "127.0.0.1")
    }

    @Test("is found behind proxies of which only the network is known")
    func networks() throws {
        let addresses = try ClientAddress(trustedProxies: ["10.4.0.0/14", "192.0.2.128/25", "fd00::/8"])
        for proxy in ["10.4.0.0", "10.7.255.255", "192.0.2.128", "fdff::1", "::ffff:10.5.6.7"] {
            #expect(addresses.of(peer: proxy, forwardedFor: "6.6.6.6, 1.2.3.4, 10.6.0.9") == "1.2.3.4")
        }
        for stranger in ["10.3.255.255", "10.8.0.0", "192.0.2.127", "fe00::1", "::ffff:10.8.0.1", "unknown"] {
            #expect(addresses.of(peer: stranger, forwardedFor: "1.2.3.4") == stranger)
        }
        #expect(try ClientAddress(trustedProxies: ["0.0.0.0/0"]).of(peer: "9.9.9.9", forwardedFor: "x") == "x")
    }

    @Test("is not looked for behind what is no address")
    func badProxies() {
        for text in ["edge", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+8", "1.2.3.4/", "10.0.0/8", "::/129", "1.2.3.4/8/8"]
        {
            #expect(throws: ConfigurationError.self) { try ClientAddress(trustedProxies: [text]) }
        }
    }
}

@Suite("The address an instance gives to others")
struct AdvertisedAddressTests {
    private let container = AdvertisedAddress(machine: ["127.0.0.1", "::1", "fe80::42:1", "fd00::5", "172.20.0.5"])

    @Test("is that of its listener")
    func listener() {
        #expect(container.url(ofListenerAt: "10.0.0.9", port: 9103) == "http://10.0.0.9:9103")
        #expect(container.url(ofListenerAt: "fd00::9", port: 9103) == "http://[fd00::9]:9103")
    }

    @Test("is the machine's own where it listens on all interfaces")
    func everywhere() {
        #expect(container.url(ofListenerAt: "0.0.0.0", port: 9103) == "http://172.20.0.5:9103")
        #expect(container.url(ofListenerAt: "::", port: 9103) == "http://172.20.0.5:9103")
        let six = AdvertisedAddress(machine: ["127.0.0.1", "::1", "fe80::42:1", "fd00::5"])
        #expect(six.url(ofListenerAt: "::", port: 9103) == "http://[fd00::5]:9103")
    }

    @Test("is loopback on a machine without a network")
    func alone() throws {
        #expect(AdvertisedAddress(machine: ["127.0.0.1"]).url(ofListenerAt: "0.0.0.0", port: 1) == "http://127.0.0.1:1")
        #expect(try !AdvertisedAddress.ofThisMachine().machine.isEmpty)
    }
}

@Suite("Configuration")
struct ConfigurationTests {
    private let setting = Setting("PARLEY_X", default: "7", "a test")

    @Test("takes the environment before the default and refuses what does not fit")
    func values() throws {
        #expect(try Configuration(environment: [:], settings: [setting]).integer(setting, in: 1...9) == 7)
        let given = try Configuration(environment: ["PARLEY_X": "12"], settings: [setting])
        #expect(throws: ConfigurationError.self) { try given.integer(setting, in: 1...9) }
    }

    @Test("refuses a file that is not there and a key given twice")
    func files() {
        #expect(throws: ConfigurationError.self) {
            try Configuration(environment: ["PARLEY_X_FILE": "/nowhere"], settings: [setting])
        }
        #expect(throws: ConfigurationError.self) {
            try Configuration(environment: ["PARLEY_X_FILE": "/etc/hostname", "PARLEY_X": "1"], settings: [setting])
        }
    }

    @Test("reads addresses of both families")
    func addresses() throws {
        let listen = Setting("L", default: "[::1]:81", "")
        let address = try Configuration(environment: [:], settings: [listen]).address(listen)
        #expect(address.host == "::1" && address.port == 81)
        let bad = try Configuration(environment: ["L": "localhost"], settings: [listen])
        #expect(throws: ConfigurationError.self) { try bad.address(listen) }
    }
}
