import assert from "node:assert/strict";
import test from "node:test";
import { Drafts } from "../src/core/drafts";
import { decodeFrame } from "../src/protocol/frames";
import { bodyFault, legalBody } from "../src/protocol/limits";
import { World } from "./world";

test("frames that this version does not understand are ignored", () => {
  assert.equal(decodeFrame("{"), null);
  assert.equal(decodeFrame("[]"), null);
  assert.equal(decodeFrame('{"type":"toString"}'), null);
  assert.equal(decodeFrame('{"type":"new_thing"}'), null);
  assert.equal(decodeFrame('{"type":"message","chat":"c"}'), null);
  assert.equal(decodeFrame('{"type":"drain","reconnect_after_ms":5,"more":1}')?.type, "drain");
});

test("bodies are bounded in bytes and cleaned of what the server refuses", () => {
  assert.equal(bodyFault(" \n"), "blank");
  assert.equal(bodyFault("é".repeat(4_000)), null);
  assert.equal(bodyFault("é".repeat(4_001)), "too_large");
  assert.equal(legalBody("a\r\nb\u0000c\ud800d😀\t"), "a\nbc\ufffdd😀\t");
});

test("a draft is kept per person and chat", () => {
  const { storage } = new World().tab();
  new Drafts(storage, "me").set("c", "half a sen");
  assert.equal(new Drafts(storage, "me").get("c"), "half a sen");
  assert.equal(new Drafts(storage, "you").get("c"), "");
});
