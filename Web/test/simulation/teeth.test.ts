// A simulator that finds nothing may be blind. So single safeguards are taken away, and each time it must find out.

import assert from "node:assert/strict";
import test from "node:test";
import { mutations } from "./mutations";
import { run } from "./schedule";

const schedulesMax = 1_000;

for (const { name, apply } of mutations) {
  test(`noticed: ${name}`, { skip: process.env["PARLEY_SIMULATION_SEED"] !== undefined }, async (context: { diagnostic(words: string): void }) => {
    const bringBack = apply();
    try {
      for (let seed = 1; seed <= schedulesMax; seed += 1) {
        const { failure } = await run(seed, false);
        if (failure === null) continue;
        context.diagnostic(`schedule ${seed}: ${failure}`);
        return;
      }
    } finally {
      bringBack();
    }
    assert.fail(`not noticed in ${schedulesMax} schedules`);
  });
}
