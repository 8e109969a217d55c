import assert from "node:assert/strict";
import test from "node:test";
import { Session } from "../src/core/session/session";
import { World } from "./world";

function server(world: World) {
  let number = 0;
  let valid = "";
  const state = { refreshes: 0, refuse: 0 };
  const signed = () => {
    number += 1;
    valid = `refresh-${number}`;
    const user = { id: "me", username: "ada", display_name: "Ada" };
    return { user, session_id: "s", access_token: `access-${number}`, expires_in: 900, refresh_token: valid };
  };
  world.answer = (_, path, body) => {
    if (path.endsWith("/login")) return { status: 200, body: signed() };
    if (path.endsWith("/refresh")) {
      state.refreshes += 1;
      if (state.refuse !== 0) return { status: state.refuse, body: { error: { code: "x", message: "", retryable: state.refuse === 503 } } };
      if ((body as { refresh_token: string }).refresh_token !== valid) return { status: 401, body: null };
      return { status: 200, body: signed() };
    }
    return { status: 204, body: null };
  };
  return state;
}

test("one tab refreshes for all: two tabs at once make one request, and both have the new token", async () => {
  const world = new World();
  const state = server(world);
  const one = new Session(world.tab());
  await one.signIn("ada", "secret password");
  const two = new Session(world.tab());
  const told: string[] = [];
  two.onRenewed = (token) => told.push(token);
  one.expireAccessToken();
  two.expireAccessToken();
  const tokens = await Promise.all([one.accessToken(), two.accessToken()]);
  assert.deepEqual(tokens, ["access-2", "access-2"]);
  assert.equal(state.refreshes, 1);
  assert.deepEqual(told, ["access-2"]);
});

test("the token is renewed when two thirds of its life are over, by one of two tabs", async () => {
  const world = new World();
  const state = server(world);
  const one = new Session(world.tab());
  await one.signIn("ada", "secret password");
  new Session(world.tab());
  await world.pass(599_000);
  assert.equal(state.refreshes, 0);
  await world.pass(2_000);
  assert.equal(state.refreshes, 1);
});

test("a server that is away signs nobody out; a 401 does, in every tab", async () => {
  const world = new World();
  const state = server(world);
  const one = new Session(world.tab());
  await one.signIn("ada", "secret password");
  const two = new Session(world.tab());
  state.refuse = 503;
  await world.pass(700_000);
  assert.equal(one.state.get().is, "signed_in");
  assert.ok(state.refreshes > 3);
  state.refuse = 401;
  await world.pass(60_000);
  assert.deepEqual(one.state.get(), { is: "signed_out", ended: true });
  assert.deepEqual(two.state.get(), { is: "signed_out", ended: true });
  assert.equal(world.texts.size, 0);
});

test("a request that meets an ended token refreshes once and repeats", async () => {
  const world = new World();
  server(world);
  const session = new Session(world.tab());
  await session.signIn("ada", "secret password");
  const inner = world.answer;
  world.answer = (method, path, body) => {
    if (!path.endsWith("/users/me")) return inner(method, path, body);
    const token = world.requests[world.requests.length - 1]?.token;
    return token === "access-1" ? { status: 401, body: null } : { status: 200, body: { id: "me" } };
  };
  assert.deepEqual(await session.call({ method: "GET", path: "/api/v1/users/me" }), { id: "me" });
});

test("a word between tabs that is heard before the storage can be read is made good by the storage's own", async () => {
  const world = new World();
  server(world);
  const one = new Session(world.tab());
  const late = world.tab();
  let visible = false;
  const two = new Session({ ...late, storage: { ...late.storage, get: (key) => (visible ? late.storage.get(key) : null) } });
  await one.signIn("ada", "secret password");
  assert.equal(two.state.get().is, "signed_out");
  visible = true;
  for (const { changed } of world.storageListeners) changed();
  assert.equal(two.state.get().is, "signed_in");
});

test("a right password that is not enough leads to a challenge, and its answer signs in", async () => {
  const world = new World();
  const challenge = { token: "c", expires_in: 300, methods: ["totp", "recovery_code"] };
  const answers: unknown[] = [];
  world.answer = (_, path, body) => {
    if (path.endsWith("/login")) return { status: 401, body: { error: { code: "factor_required", message: "", retryable: false }, challenge } };
    answers.push(body);
    if ((body as { code?: string }).code !== "123456") return { status: 401, body: { error: { code: "unauthenticated", message: "", retryable: false } } };
    const user = { id: "me", username: "ada", display_name: "Ada" };
    return { status: 200, body: { user, session_id: "s", access_token: "a", expires_in: 900, refresh_token: "r" } };
  };
  const session = new Session(world.tab());
  const asked = await session.signIn("ada", "secret password");
  assert.deepEqual(asked, challenge);
  assert.equal(session.state.get().is, "signed_out");
  await assert.rejects(session.answer(challenge, { code: "000000" }));
  assert.equal(session.state.get().is, "signed_out");
  await session.answer(challenge, { code: "123456" });
  assert.equal(session.state.get().is, "signed_in");
  assert.equal((answers[1] as { challenge: string }).challenge, "c");
  assert.equal(world.requests.filter((request) => request.path === "/api/v1/auth/login/factor").length, 2);
});
