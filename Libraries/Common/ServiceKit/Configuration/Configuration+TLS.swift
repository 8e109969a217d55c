import HTTPClient
import NIOSSL

extension Configuration {
    /// Where probes are answered, if that is not the internal listener.
    func healthAddress() throws -> (host: String, port: Int)? {
        try text(Setting.healthListen).isEmpty ? nil : address(Setting.healthListen)
    }

    /// The certificate of this service among services; nil where they speak http.
    func identity() throws -> TLSIdentity? {
        let parts = try [Setting.tlsCertificate, .tlsKey, .tlsAuthority].map { Array(try text($0).utf8) }
        guard parts.contains(where: { !$0.isEmpty }) else { return nil }
        guard parts.allSatisfy({ !$0.isEmpty }) else {
            throw ConfigurationError(
                "PARLEY_TLS_CERTIFICATE, PARLEY_TLS_KEY and PARLEY_TLS_AUTHORITY are set together or not at all")
        }
        guard try healthAddress() != nil else {
            throw ConfigurationError("PARLEY_HEALTH_LISTEN must be set with PARLEY_TLS_CERTIFICATE: probes have none")
        }
        let identity = TLSIdentity(certificates: parts[0], key: parts[1], authority: parts[2])
        _ = try identity.ofListener()
        return identity
    }
}

extension TLSIdentity {
    /// TLS 1.3 to whoever has a certificate of the authority. Its names are not looked at: who calls, and what it may
    /// ask for, is in the service token.
    /// - Throws: ``ConfigurationError`` where something is not PEM.
    func ofListener() throws -> TLSConfiguration {
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(certificates).map { NIOSSLCertificateSource.certificate($0) }
            let roots = try NIOSSLCertificate.fromPEMBytes(authority)
            guard !chain.isEmpty, !roots.isEmpty else { throw ConfigurationError("no certificate in it") }
            var configuration = TLSConfiguration.makeServerConfigurationWithMTLS(
                certificateChain: chain, privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem)),
                trustRoots: .certificates(roots))
            configuration.minimumTLSVersion = .tlsv13
            return configuration
        } catch let error as NIOSSLError {
            throw ConfigurationError("PARLEY_TLS_CERTIFICATE, _KEY or _AUTHORITY cannot be read: \(error)")
        }
    }
}
