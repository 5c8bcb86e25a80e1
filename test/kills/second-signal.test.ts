import { afterAll, beforeAll, expect, test } from "vitest";

import { Bench } from "./fixtures.ts";
import { events } from "./stream.ts";

let bench: Bench;
beforeAll(() => {
  const hangs = `import { writeSync } from "node:fs";
import { defineRule } from "stakeout";
export default defineRule({
  id: "Test.Hangs", logTypes: ["AWS.CloudTrail"], severity: "low",
  rule() { writeSync(2, "hanging\\n"); for (;;); },
});`;
  bench = new Bench({ "hangs.ts": hangs }, events(10));
});
afterAll(() => bench[Symbol.dispose]());

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a second %s ends a run at once, also while a rule does not return", async (signal, code) => {
  const moment = { after: { text: "hanging" } } as const;
  const again = { moment: { after: { text: "stopping" } }, signal } as const;
  const ended = await bench.run({ name: signal, interruption: { moment, signal, next: again } });
  expect(ended).toMatchObject({ code, signal: null });
});
