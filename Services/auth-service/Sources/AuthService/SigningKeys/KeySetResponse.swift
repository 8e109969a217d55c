import ChatProtocol
import Crypto
import HTTPTypes
import Hummingbird
import ServiceKit
import StrictJSON
import Tokens

/// The public keys, to be kept by caches for less than a key is known before it signs, and asked for again by their
/// entity tag (RFC 9110, section 13.1.2; RFC 9111, section 5.2.2).
func keySetResponse(_ keys: KeyRing, to request: Request) -> Response {
    let bytes = JSONWriter.encode(keys.keySet)
    let tag = "\"" + Base64URL.encode(Array(SHA256.hash(data: bytes).prefix(16))) + "\""
    let known = request.headers[.ifNoneMatch]?.split(separator: ",").map { $0.filter { $0 != " " } } ?? []
    var response =
        known.contains { $0 == "*" || $0 == tag || $0 == "W/" + tag }
        ? Response(status: .notModified) : Response.json(bytes)
    response.headers[.eTag] = tag
    response.headers[.cacheControl] = "public, max-age=\(PostgresKeyStore.keySetAgeMax.components.seconds)"
    return response
}
