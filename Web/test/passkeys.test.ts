import assert from "node:assert/strict";
import test from "node:test";
import { decodeBytes, encodeBytes, encodeCredential, forCreation, forRequest } from "../src/core/passkeys";

const buffer = (...bytes: number[]) => Uint8Array.from(bytes).buffer;

test("bytes are base64url without padding, both ways", () => {
  // RFC 4648, section 10, and bytes that need the other alphabet.
  for (const [text, bytes] of [["", []], ["Zg", [102]], ["Zm8", [102, 111]], ["Zm9v", [102, 111, 111]], ["-_-_", [251, 255, 191]]] as const) {
    assert.deepEqual([...new Uint8Array(decodeBytes(text))], bytes);
    assert.equal(encodeBytes(buffer(...bytes)), text);
  }
});

test("all bytes survive", () => {
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.deepEqual(new Uint8Array(decodeBytes(encodeBytes(all.buffer))), all);
});

test("options of the server become the browser's, and nothing is lost", () => {
  const created = forCreation({
    rp: { id: "localhost", name: "Parley" }, user: { id: "Zm9v", name: "ada", displayName: "Ada" }, challenge: "Zg",
    pubKeyCredParams: [{ type: "public-key", alg: -7 }], excludeCredentials: [{ type: "public-key", id: "Zm8" }], timeout: 300_000,
    authenticatorSelection: { residentKey: "preferred" }, attestation: "none",
  });
  assert.deepEqual(created.user, { id: buffer(102, 111, 111), name: "ada", displayName: "Ada" });
  assert.deepEqual(created.excludeCredentials, [{ type: "public-key", id: buffer(102, 111) }]);
  assert.deepEqual([created.challenge, created.timeout, created.authenticatorSelection], [buffer(102), 300_000, { residentKey: "preferred" }]);
  const asked = forRequest({ challenge: "Zg", rpId: "localhost", allowCredentials: [], userVerification: "required" });
  assert.deepEqual(asked, { challenge: buffer(102), rpId: "localhost", allowCredentials: [], userVerification: "required" });
});

test("a credential is sent with what its response has, and no more", () => {
  const [id, rawId, type] = ["Zg", buffer(102), "public-key"];
  const registration = { id, rawId, type, response: { clientDataJSON: buffer(1), attestationObject: buffer(2), getTransports: () => [] } };
  assert.deepEqual(encodeCredential(registration), { id, rawId: "Zg", type, response: { clientDataJSON: "AQ", attestationObject: "Ag" } });
  const assertion = { id, rawId, type, response: { clientDataJSON: buffer(1), authenticatorData: buffer(2), signature: buffer(3), userHandle: null } };
  assert.deepEqual(encodeCredential(assertion), { id, rawId: "Zg", type, response: { clientDataJSON: "AQ", authenticatorData: "Ag", signature: "Aw" } });
});
