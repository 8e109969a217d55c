// Thousands of short schedules of the whole core against a model server and a hostile world. Each is made from one seed:
//     PARLEY_SIMULATION_SEED=17 Web/build --test     exactly that schedule again, with everything that happened in it
//     PARLEY_SIMULATION_RUNS=50000 Web/build --test  as many, from a place of their own

import assert from "node:assert/strict";
import test from "node:test";
import { run } from "./schedule";

const defaultRuns = 2_000;
/** A machine that is busy with other things does fewer, unless it was told how many. */
const patienceMs = 30_000;
const settings = process.env;
const only = settings["PARLEY_SIMULATION_SEED"];
const runs = Number(settings["PARLEY_SIMULATION_RUNS"] ?? defaultRuns);
const told = settings["PARLEY_SIMULATION_RUNS"] !== undefined;
const first = told ? Date.now() % 1_000_000_000 : 1;

async function hold(seed: number): Promise<number> {
  const { failure, messages } = await run(seed, false);
  if (failure === null) return messages;
  const again = await run(seed, true);
  const how = `PARLEY_SIMULATION_SEED=${seed} runs exactly this again.`;
  const differs = again.failure === failure ? "" : `\nNot so this time: ${again.failure}`;
  throw new Error(`${again.events.join("\n")}\n\nseed ${seed}: ${failure}\n${how}${differs}`);
}

const name = only === undefined ? "schedules keep every promise" : `schedule ${only} keeps every promise`;

test(name, async (context: { diagnostic(words: string): void }) => {
  if (only !== undefined) {
    const { failure, events } = await run(Number(only), true);
    console.log(events.join("\n"));
    assert.equal(failure, null);
    return;
  }
  const until = Date.now() + patienceMs;
  let messages = 0, done = 0;
  for (; done < runs && (told || Date.now() < until); done += 1) messages += await hold(first + done);
  context.diagnostic(`${done} schedules from ${first}, ${messages} messages`);
  // A world in which nobody gets a word in proves nothing.
  assert.ok(done < 100 || messages > done * 5);
});

test("a schedule is its seed: the same one happens the same way again", { skip: only !== undefined }, async () => {
  for (const seed of [3, 14, 159]) {
    const [one, other] = [await run(seed, true), await run(seed, true)];
    assert.deepEqual(one.events, other.events);
  }
});
