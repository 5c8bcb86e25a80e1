import { afterAll, beforeAll, expect, test } from "vitest";

import { Bench, chanceFor, differences, type Outcome, tell } from "./fixtures.ts";
import type { Moment } from "./interrupter.ts";
import { events, rules, tick } from "./stream.ts";

const eventCount = 6000;

const python = `from panther_detection_helpers.caching import (
    add_to_string_set, get_dictionary, increment_counter, put_dictionary, reset_counter, set_key_expiration,
)


def rule(event):
    key = "python/" + event.deep_get("userIdentity", "arn")
    seen = get_dictionary(key)
    put_dictionary(key, {"seen": seen.get("seen", 0) + 1, "sum": (seen.get("sum", 0) * 31 + event["number"]) % 1009})
    add_to_string_set(key, event["sourceIPAddress"])
    count = increment_counter(key)
    if count == 1:
        set_key_expiration(key, 3600)
    if count < 7:
        return False
    reset_counter(key)
    return True


def title(event):
    return "seven at " + str(event["number"])
`;
const yaml = `AnalysisType: rule
RuleID: Test.Python
Filename: python.py
Enabled: true
LogTypes: [AWS.CloudTrail]
Severity: Medium
DedupPeriodMinutes: 15
`;

let bench: Bench;
let whole: Outcome;
beforeAll(async () => {
  bench = new Bench(
    { "counters.ts": rules.counters, "python.yml": yaml, "python.py": python },
    events(eventCount),
  );
  whole = await bench.runWhole();
});
afterAll(() => bench[Symbol.dispose]());

test("Python rules that are killed again and again leave the same files and the same state", async () => {
  const chance = chanceFor("Python");
  let kills = 0;
  for (let number = 0; number < 6; number++) {
    const moments: readonly [Moment, Moment] = [
      { after: { text: tick }, delayMs: chance.below(150) },
      { after: "start", delayMs: chance.below(1500) },
    ];
    const moment = moments[number % 2] ?? moments[0];
    kills += Number((await bench.run({ interruption: { moment, signal: "SIGKILL" } })).signal === "SIGKILL");
  }
  tell(`Python: ${eventCount} events, ${kills} kills`);
  expect(kills).toBeGreaterThan(1);
  expect(await bench.run()).toMatchObject({ code: 0 });
  expect(differences(await bench.outcome(), whole)).toEqual([]);
  expect(whole.alerts).toContain("Test.Python");
});
