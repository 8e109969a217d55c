import assert from "node:assert/strict";
import test from "node:test";
import { describeHealth, unknownHealth } from "../src/core/connection/health";
import { advance } from "../src/core/connection/machine";
import { type Action, type Event, initialState, type State } from "../src/core/connection/state";
import { welcome } from "./world";

class Run {
  state: State = initialState;
  now = 0;
  on(event: Event): Action[] {
    const [state, actions] = advance(this.state, event, { now: this.now, random: () => 0.5 });
    this.state = state;
    return actions;
  }
  goLive(): void {
    this.on({ is: "start" });
    this.on({ is: "opened", socket: 1 });
    this.on({ is: "frame", socket: 1, frame: welcome() });
    this.pong();
  }
  pong(): void {
    const frame = { type: "pong", id: this.state.pingId, server_time: "", status: "ok", services: {} } as const;
    this.on({ is: "frame", socket: this.state.current ?? 0, frame });
  }
  word(): string { return describeHealth(unknownHealth, this.state, null, null, this.now).word; }
}

const has = (actions: Action[], kind: Action["do"]) => actions.some((action) => action.do === kind);
const timer = (actions: Action[], name: string) =>
  actions.find((action) => action.do === "set_timer" && action.name === name) as { ms: number } | undefined;

test("start opens a socket, says hello, and the welcome makes it live with a ping at once", () => {
  const run = new Run();
  assert.ok(has(run.on({ is: "start" }), "open"));
  assert.ok(has(run.on({ is: "opened", socket: 1 }), "hello"));
  const actions = run.on({ is: "frame", socket: 1, frame: welcome() });
  assert.ok(has(actions, "live"));
  assert.equal(timer(actions, "pong")?.ms, 5_000);
  assert.equal(timer(actions, "heartbeat")?.ms, 20_000);
  assert.equal(run.word(), "connected");
});

test("a missing pong leaves the zombie behind and opens at once, without backoff", () => {
  const run = new Run();
  run.goLive();
  run.on({ is: "timer", name: "heartbeat" });
  const actions = run.on({ is: "timer", name: "pong" });
  assert.deepEqual(actions.filter((action) => action.do === "close"), [{ do: "close", socket: 1 }]);
  assert.ok(has(actions, "open"));
  assert.equal(timer(actions, "retry"), undefined);
  assert.deepEqual(run.on({ is: "frame", socket: 1, frame: { type: "ack", id: "x", chat: "c", seq: 1, sent_at: "" } }), []);
  assert.deepEqual(run.on({ is: "closed", socket: 1, code: 1006 }), []);
});

test("a wake-up pings at once, and any frame proves the socket alive", () => {
  const run = new Run();
  run.goLive();
  assert.ok(has(run.on({ is: "wake" }), "send"));
  const frame = { type: "typing", chat: "c", user: "u", active: true } as const;
  assert.ok(run.on({ is: "frame", socket: 1, frame }).some((action) => action.do === "clear_timer" && action.name === "pong"));
});

test("backoff has full jitter up to 20 s, at most as long as nothing has worked, and starts anew after 30 s of welcome", () => {
  const run = new Run();
  run.on({ is: "start" });
  const waits: number[] = [];
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const actions = run.on({ is: "closed", socket: run.state.candidate ?? 0, code: 1006 });
    waits.push(timer(actions, "retry")?.ms ?? -1);
    run.now += Math.min(5_000, waits[waits.length - 1] ?? 0) + 1_000; // each try takes a second
    run.on({ is: "timer", name: "retry" });
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 3875, 6312, 9312, 10000]);
  run.on({ is: "frame", socket: run.state.candidate ?? 0, frame: welcome() });
  run.now += 30_000;
  assert.equal(timer(run.on({ is: "closed", socket: run.state.current ?? 0, code: 1006 }), "retry")?.ms, 250);
});

test("drain opens a second socket and closes the first only after the sync", () => {
  const run = new Run();
  run.goLive();
  assert.equal(timer(run.on({ is: "frame", socket: 1, frame: { type: "drain", reconnect_after_ms: 1800 } }), "drain")?.ms, 1800);
  assert.ok(has(run.on({ is: "timer", name: "drain" }), "open"));
  assert.equal(run.word(), "connected");
  const actions = run.on({ is: "frame", socket: 2, frame: welcome("c2") });
  assert.ok(has(actions, "live") && !has(actions, "close") && !has(actions, "lost"));
  const late = { type: "ack", id: "x", chat: "c", seq: 1, sent_at: "" } as const;
  assert.ok(has(run.on({ is: "frame", socket: 1, frame: late }), "deliver"));
  assert.deepEqual(run.on({ is: "synced" }).filter((action) => action.do === "close"), [{ do: "close", socket: 1 }]);
});

test("close codes: what each makes us do", () => {
  const after = (code: number) => {
    const run = new Run();
    run.goLive();
    return { actions: run.on({ is: "closed", socket: 1, code }), run };
  };
  assert.equal(timer(after(1006).actions, "retry")?.ms, 250);
  assert.equal(timer(after(4004).actions, "retry")?.ms, 10_000);
  assert.ok(has(after(4003).actions, "expire_token"));
  assert.ok(has(after(4502).actions, "sign_out"));
  assert.equal(after(4503).run.word(), "replaced");
  assert.equal(after(4500).run.word(), "outdated");
  assert.equal(after(4777).run.word(), "outdated");
  assert.equal(timer(after(4444).actions, "retry")?.ms, 250);
});

test("a token refused twice in a row signs out", () => {
  const run = new Run();
  run.on({ is: "start" });
  assert.ok(has(run.on({ is: "closed", socket: 1, code: 4501 }), "expire_token"));
  run.on({ is: "timer", name: "retry" });
  assert.ok(has(run.on({ is: "closed", socket: 2, code: 4501 }), "sign_out"));
});

test("a replaced page comes back only when the person says so", () => {
  const run = new Run();
  run.goLive();
  run.on({ is: "closed", socket: 1, code: 4503 });
  assert.deepEqual(run.on({ is: "wake" }), []);
  assert.ok(has(run.on({ is: "reconnect_now" }), "open"));
});

test("offline is shown at once, and taken back by anything that still arrives", () => {
  const run = new Run();
  run.goLive();
  assert.ok(has(run.on({ is: "offline" }), "send"));
  assert.equal(run.word(), "offline");
  run.pong();
  assert.equal(run.word(), "connected");
});

test("a renewed token's welcome on the live socket changes nothing else", () => {
  const run = new Run();
  run.goLive();
  assert.deepEqual(run.on({ is: "frame", socket: 1, frame: welcome() }), []);
});

test("a socket without a welcome in 10 s is given up", () => {
  const run = new Run();
  assert.equal(timer(run.on({ is: "start" }), "welcome")?.ms, 10_000);
  const actions = run.on({ is: "timer", name: "welcome" });
  assert.ok(has(actions, "close") && timer(actions, "retry") !== undefined);
});

test("while somebody looks at the page a silent socket is left within 8 s, otherwise within a heartbeat and its deadline", () => {
  const run = new Run();
  run.goLive();
  const looking = run.on({ is: "attentive", attentive: true });
  assert.deepEqual([timer(looking, "heartbeat")?.ms, timer(looking, "pong")?.ms], [4_000, 4_000]);
  run.pong();
  run.on({ is: "attentive", attentive: false });
  const away = run.on({ is: "timer", name: "heartbeat" });
  assert.deepEqual([timer(away, "heartbeat")?.ms, timer(away, "pong")?.ms], [20_000, 5_000]);
});
