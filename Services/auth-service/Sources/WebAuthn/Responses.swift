package import StrictJSON
import Tokens

/// What `navigator.credentials.create()` gave, as `PublicKeyCredential.toJSON()` writes it (WebAuthn level 3, section
/// 5.1): bytes are base64url.
package struct RegistrationResponse: Sendable, JSONDecodable {
    package let id: [UInt8]
    package let clientData: [UInt8]
    package let attestationObject: [UInt8]

    package init(json: JSONValue, field: String) throws(JSONError) {
        id = try json.credentialID()
        let response = try json.response()
        clientData = try response.bytes("clientDataJSON")
        attestationObject = try response.bytes("attestationObject")
    }
}

/// What `navigator.credentials.get()` gave.
package struct AssertionResponse: Sendable, JSONDecodable {
    package let id: [UInt8]
    package let clientData: [UInt8]
    package let authenticatorData: [UInt8]
    package let signature: [UInt8]
    /// Whose it is, if the authenticator knows.
    package let userHandle: [UInt8]?

    package init(json: JSONValue, field: String) throws(JSONError) {
        id = try json.credentialID()
        let response = try json.response()
        clientData = try response.bytes("clientDataJSON")
        authenticatorData = try response.bytes("authenticatorData")
        signature = try response.bytes("signature")
        if let handle = response["userHandle"], !handle.isNull {
            userHandle = try response.bytes("userHandle")
        } else {
            userHandle = nil
        }
    }
}

extension JSONValue {
    fileprivate func credentialID() throws(JSONError) -> [UInt8] {
        guard self["type"]?.word == "public-key" else {
            throw .mismatch("type", expected: #""public-key""#)
        }
        let id = try bytes("id")
        guard (1...AuthenticatorData.credentialIDMax).contains(id.count) else {
            throw .mismatch("id", expected: "1 to \(AuthenticatorData.credentialIDMax) bytes")
        }
        return id
    }

    fileprivate func response() throws(JSONError) -> JSONValue {
        guard let response = self["response"], response.isObject else { throw .missing("response") }
        return response
    }

    fileprivate func bytes(_ key: StaticString) throws(JSONError) -> [UInt8] {
        guard let bytes = Base64URL.decode(try value(key, as: String.self)) else {
            throw .mismatch(key.description, expected: "base64url without padding")
        }
        return bytes
    }
}
