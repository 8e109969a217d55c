import Testing

@testable import ServiceKit

@Suite("The instances of a service")
struct TargetSetTests {
    private let named = "http://message-service:9102"

    /// For each of many keys the place it meets first.
    private func homes(_ targets: TargetSet) -> [Target] { (0..<3000).map { targets.order(for: $0)[0] } }

    private func at(_ addresses: [String]) -> TargetSet {
        var targets = TargetSet([named])
        _ = targets.found(addresses, for: named)
        return targets
    }

    @Test("are met in the same order for the same key, and spread over keys")
    func rendezvous() {
        let targets = TargetSet(["a", "b", "c"])
        #expect(targets.order(for: 7) == targets.order(for: 7))
        let first = homes(targets)
        for target in targets.targets { #expect((800...1200).contains(first.count { $0 == target })) }
        #expect(Set((0..<100).map { _ in targets.order(for: nil)[0].url }).count == 3, "without a key any will do")
    }

    @Test("that are down come last, and a key returns to its instance when that is up again")
    func downTargets() {
        var targets = TargetSet(["a", "b"])
        let home = targets.order(for: 1)[0]
        targets.mark(home, isUp: false)
        #expect(targets.order(for: 1).last == home)
        #expect(targets.isUp && targets.upCount == 1)
        targets.mark(home, isUp: true)
        #expect(targets.order(for: 1)[0] == home)
    }

    @Test("are the addresses behind a name, each with the name that it was found by")
    func addresses() {
        var targets = TargetSet([named])
        #expect(targets.targets == [Target(url: named)])
        var changed = targets.found(["10.0.0.2", "10.0.0.1", "10.0.0.2"], for: named)
        #expect(changed)
        #expect(
            targets.targets == [Target(url: named, address: "10.0.0.1"), Target(url: named, address: "10.0.0.2")])
        changed = targets.found(["10.0.0.1", "10.0.0.2"], for: named)
        #expect(!changed, "the order of a look-up means nothing")
        #expect(Set(homes(targets).map(\.address)).count == 2)
    }

    @Test("are met alike by all callers, whatever their order and whenever they were found")
    func agreement() {
        var grown = at(["10.0.0.3"])
        _ = grown.found(["10.0.0.2", "10.0.0.3"], for: named)
        _ = grown.found(["10.0.0.3", "10.0.0.1", "10.0.0.2"], for: named)
        #expect(homes(grown) == homes(at(["10.0.0.1", "10.0.0.2", "10.0.0.3"])))
        #expect(homes(TargetSet(["a", "b"])) == homes(TargetSet(["b", "a", "b"])))
    }

    @Test("that come or go move only the keys that are theirs")
    func stability() {
        let three = homes(at(["10.0.0.1", "10.0.0.2", "10.0.0.3"]))
        for (before, after) in zip(three, homes(at(["10.0.0.1", "10.0.0.3"]))) where before.address != "10.0.0.2" {
            #expect(before == after)
        }
        for (before, after) in zip(three, homes(at(["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]))) {
            #expect(before == after || after.address == "10.0.0.4")
        }
    }

    @Test("stay as they were while the name still has them, and are dropped when it has not")
    func comingAndGoing() {
        var targets = at(["10.0.0.1", "10.0.0.2"])
        let first = Target(url: named, address: "10.0.0.1")
        targets.mark(first, isUp: false)
        let changed = targets.found(["10.0.0.1", "10.0.0.3"], for: named)
        #expect(changed)
        #expect(targets.targets.map(\.address) == ["10.0.0.1", "10.0.0.3"])
        #expect(targets.upCount == 1 && targets.order(for: 1).last == first)
        targets.mark(Target(url: named, address: "10.0.0.2"), isUp: false)
        #expect(targets.upCount == 1, "what is heard late of one that is gone changes nothing")
    }

    @Test("are the last known ones when a look-up finds nobody")
    func nobody() {
        var targets = at(["10.0.0.1"])
        let changed = targets.found([], for: named)
        #expect(!changed)
        #expect(targets.targets.map(\.address) == ["10.0.0.1"])
    }

    @Test("of one URL do not touch those of another")
    func severalURLs() {
        var targets = TargetSet(["http://10.9.9.9:9102", named])
        _ = targets.found(["10.0.0.1"], for: named)
        var changed = targets.found(["10.0.0.2"], for: named)
        #expect(changed)
        changed = targets.found(["10.0.0.3"], for: "http://another:9102")
        #expect(!changed)
        #expect(
            targets.targets == [Target(url: "http://10.9.9.9:9102"), Target(url: named, address: "10.0.0.2")])
    }

    @Test("are bounded in number, and all callers leave out the same ones")
    func bounded() {
        let many = (0..<1000).map { "10.0.\($0 / 250).\($0 % 250)" }
        #expect(at(many).targets.count == TargetSet.addressesMax)
        #expect(at(many).targets == at(many.reversed()).targets)
    }
}

@Suite("The name in a URL")
struct NameLookupTests {
    @Test(
        "is what has to be looked up",
        arguments: [
            ("http://message-service:9102", "message-service"), ("https://a.example.org", "a.example.org"),
            ("http://localhost:1/path", "localhost"),
        ])
    func names(url: String, name: String) { #expect(NameLookup.name(in: url) == name) }

    @Test(
        "is none where there is an address, or no URL",
        arguments: ["http://127.0.0.1:9102", "http://[fd00::5]:9102", "http://:80", "message-service:9102", ""])
    func addresses(url: String) { #expect(NameLookup.name(in: url) == nil) }

    @Test("has addresses, or none that the machine knows")
    func system() {
        #expect(NameLookup.addresses(of: "localhost")?.contains("127.0.0.1") == true)
        #expect(NameLookup.addresses(of: "nobody.invalid") == nil)
    }
}
