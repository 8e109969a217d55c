import Testing
import WebAuthn

@testable import AuthService

@Suite("The site of passkeys") struct PasskeySiteTests {
    @Test(arguments: [
        ("chat.example.org", "chat.example.org"), ("Chat.Example.org:8443", "chat.example.org"),
        ("localhost:8080", "localhost"),
    ])
    func withoutConfigurationItIsTheHostThatWasAsked(host: String, domain: String) {
        let site = PasskeySite(origins: [], domain: "").relyingParty(host: host)
        #expect(site.id == domain)
        #expect(site.origins == ["https://" + host.lowercased(), "http://" + host.lowercased()])
    }

    @Test(arguments: ["evil.test", "", nil])
    func withConfigurationTheHostChangesNothing(host: String?) {
        let origins = ["https://chat.example.org:8443", "https://talk.example.org"]
        let site = PasskeySite(origins: origins, domain: "").relyingParty(host: host)
        #expect(site == RelyingParty(id: "chat.example.org", origins: origins))
        #expect(PasskeySite(origins: origins, domain: "Example.org").relyingParty(host: host).id == "example.org")
    }
}
