import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { qrCode } from "../src/core/qr";

// SHA-256, cut to 128 bits, of what another encoder (PyPI's qrcode 8, level L, the same mask) draws: rows of 0 and 1.
const known: readonly [text: string, size: number, hash: string][] = [
  ["hello parley", 21, "774c0ece8161fa3228d4c129d10ea23e"],
  ["otpauth://totp/Parley:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Parley", 37, "8c6422291844b051f8a05eca919082ab"],
  ["é".repeat(40), 37, "d230606655a9bf1a485900f2c0ad3af4"],
  ["q".repeat(150), 45, "c29621fdd6abf14be2e826a37d380bb9"],
  ["Y".repeat(231), 57, "8c67a2413cd4e9a9ab14700d947ef7e6"],
  ["Z".repeat(271), 57, "b58c254fb6cc13abde87606aa2511701"],
];

for (const [text, size, hash] of known) {
  test(`the code of ${text.length} characters is drawn as another encoder draws it`, () => {
    const rows = qrCode(text)!.map((row) => row.map(Number).join(""));
    assert.equal(rows.length, size);
    assert.equal(createHash("sha256").update(rows.join("\n")).digest("hex").slice(0, hash.length), hash);
  });
}

test("a text that is too long has no code", () => {
  assert.equal(qrCode("Z".repeat(272)), null);
});
