import { expect, test } from "vitest";

import type { Clock } from "../../src/core/clock.ts";
import type { Event } from "../../src/core/event.ts";
import type { LaneCommit } from "../../src/engine/lane-parts.ts";
import type { LoadedRule } from "../../src/rules/runtime.ts";
import { loadedRule } from "../rules/fixtures.ts";
import { cloudTrail, createLane, farClock, linesOf } from "./fixtures.ts";

/** Each look at it takes a millisecond. */
function tickingClock(): Clock {
  let ms = 0;
  return { ...farClock, monotonicMs: () => ms++ };
}

function rule(id: string, matches: (event: Event) => boolean): LoadedRule {
  return { ...loadedRule({}, { id, logTypes: ["AWS.CloudTrail"] }), rule: matches };
}

const records = Array.from({ length: 2100 }, (_, n) => cloudTrail(n, { eventName: `Call${n}` }));
const rules = [
  rule("A.Never", () => false),
  // Among them the event that is measured.
  rule("B.Some", ({ fields }) =>
    /^Call(?:1020|2000)$/.test(JSON.stringify(fields["eventName"]).slice(1, -1)),
  ),
  rule("C.Throws", ({ fields }) => {
    if (fields["eventName"] === "Call1020") throw new Error("thrown");
    return false;
  }),
  rule("D.Other", () => false),
];

async function run(timesRules: boolean): Promise<{ last: LaneCommit | undefined; alerts: unknown }> {
  let last: LaneCommit | undefined;
  const onCommit = (commit: LaneCommit): void => void (last = commit);
  const { lane, disk } = await createLane({
    records,
    rules,
    chunkRecords: 500,
    parts: { clock: tickingClock(), timesRules, onCommit },
  });
  await lane.run();
  return { last, alerts: linesOf(disk, "alerts") };
}

test("the time of each rule is measured on one event in 1,021, whatever it answers", async () => {
  const { last } = await run(true);
  const times = Object.entries(last?.totals.rules ?? {}).map(([id, stat]) => [
    id,
    stat.timedEvents,
    stat.timedMicroseconds,
  ]);
  expect(times).toEqual(["A.Never", "B.Some", "C.Throws", "D.Other"].map((id) => [id, 2, 2000]));
});

test("an event that is measured counts and alerts like any other", async () => {
  const [measured, plain] = [await run(true), await run(false)];
  expect(measured.alerts).toEqual(plain.alerts);
  const countsOf = ({ last }: { last: LaneCommit | undefined }): unknown => {
    const { rules: byRule, ...counts } = last?.totals ?? {};
    return [counts, byRule?.["B.Some"]?.matches, byRule?.["C.Throws"]?.ruleErrors];
  };
  expect(countsOf(measured)).toEqual(countsOf(plain));
  expect(countsOf(measured)).toMatchObject([{ events: 2100 }, 2, 1]);
});

test("nothing is measured where nobody asks for it", async () => {
  const { last } = await run(false);
  expect(last?.totals.rules).not.toHaveProperty("A.Never");
});
