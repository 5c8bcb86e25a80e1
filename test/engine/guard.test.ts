import { beforeEach, describe, expect, test } from "vitest";

import { StakeoutError } from "../../src/core/errors.ts";
import type { Event } from "../../src/core/event.ts";
import { LaneControl } from "../../src/engine/control.ts";
import type { LaneResume } from "../../src/engine/lane-messages.ts";
import type { Blame, Suspect } from "../../src/engine/restart.ts";
import { SuspensionBook } from "../../src/engine/suspensions.ts";
import type { LoadedRule } from "../../src/rules/runtime.ts";
import { loadedRule } from "../rules/fixtures.ts";
import { cloudTrail, createLane, Disk, linesOf } from "./fixtures.ts";

const records = [0, 1, 2, 3, 4].map((number) => cloudTrail(number, { eventName: `Call${number}` }));
const control = new LaneControl();

/** What each rule was asked, as `rule event`, and whether the rule was noted at that time. */
let asked: string[];
beforeEach(() => void (asked = []));

function rule(id: string, overrides: Partial<LoadedRule> = {}): LoadedRule {
  const plain = loadedRule({}, { id, logTypes: ["AWS.CloudTrail"], dedupPeriodMs: 1 });
  return {
    ...plain,
    rule: ({ fields }: Event) => {
      const busy = control.busy();
      const noted = busy?.kind === "evaluating" && busy.rule !== undefined ? ` noted ${busy.rule}` : "";
      const { eventName } = fields as { readonly eventName: string };
      asked.push(`${id} ${eventName}${noted}`);
      return id === "Matches";
    },
    ...overrides,
  };
}

function positionOf(number: number): Blame["position"] {
  const offset = records.slice(0, number).join("").length;
  return { source: "list", stream: "only", offset };
}

function blame(number: number, ruleId: string): Blame {
  return { position: positionOf(number), ruleId, code: "RULE_BUDGET_EXCEEDED", did: "took too long" };
}

interface Left {
  readonly suspects?: readonly Suspect[];
  readonly blames?: readonly Blame[];
  readonly committed?: LaneResume["committed"];
}

function resume({ suspects = [], blames = [], committed }: Left): LaneResume {
  return { suspects, blames, committed, fileBytes: {}, stdin: undefined };
}

async function run(rules: readonly LoadedRule[], left: Left): Promise<{ disk: Disk; control: LaneControl }> {
  const disk = new Disk();
  const parts = { control, resume: resume(left) };
  const created = await createLane({ records, rules, disk, parts });
  await created.lane.run();
  return { disk, control };
}

function ruleErrors(disk: Disk): readonly unknown[] {
  return [...disk.entries.values()]
    .filter(({ kind }) => kind === "rule-error-latest")
    .map(({ value }) => value);
}

describe("a lane that goes on after one that died", () => {
  test("records the error for the rule to blame instead of asking it about that record", async () => {
    const { disk } = await run([rule("Matches"), rule("Slow")], { blames: [blame(2, "Slow")] });
    expect(asked.filter((line) => line.startsWith("Slow"))).toEqual([0, 1, 3, 4].map((n) => `Slow Call${n}`));
    expect(ruleErrors(disk)).toMatchObject([
      { ruleId: "Slow", count: 1, position: positionOf(2), message: expect.stringMatching(/took too long/) },
    ]);
  });

  test("asks all other rules about that record as ever", async () => {
    const { disk } = await run([rule("Matches"), rule("Slow")], { blames: [blame(2, "Slow")] });
    const alerts = linesOf(disk, "alerts").filter(({ status }) => status === "open");
    expect(alerts).toHaveLength(records.length);
  });

  test("notes each rule on a suspect record, and on no other", async () => {
    await run([rule("A"), rule("B")], { suspects: [{ position: positionOf(1), slow: false }] });
    expect(asked.filter((line) => line.includes("noted"))).toEqual(["A Call1 noted 0", "B Call1 noted 1"]);
  });

  test("asks rules one by one there that are asked together elsewhere", async () => {
    let scans = 0;
    const prepareScan: LoadedRule["prepareScan"] = (rules) => ({
      next: () => {
        scans += 1;
        return rules.length;
      },
      answer: () => true,
    });
    const rules = [rule("A", { prepareScan }), rule("B", { prepareScan })];
    await run(rules, { suspects: [{ position: positionOf(1), slow: false }] });
    expect(asked).toEqual(["A Call1 noted 0", "B Call1 noted 1"]);
    expect(scans).toBe(records.length - 1);
  });

  test("notes each rule from there on when no rule alone was too slow on a suspect record", async () => {
    await run([rule("A")], { suspects: [{ position: positionOf(2), slow: true }] });
    expect(asked).toEqual(["A Call0", "A Call1", "A Call2 noted 0", "A Call3 noted 0", "A Call4 noted 0"]);
  });

  test("suspends a rule that was to blame too often, at once", async () => {
    const blames = [blame(0, "Slow"), blame(1, "Slow"), blame(2, "Slow")];
    const { disk } = await run([rule("Matches"), rule("Slow")], { blames });
    expect(asked.filter((line) => line.startsWith("Slow"))).toEqual([]);
    expect(asked.filter((line) => line.startsWith("Matches"))).toHaveLength(records.length);
    expect([...disk.entries.values()].filter(({ kind }) => kind === "rule-suspension")).toMatchObject([
      { value: { ruleId: "Slow", reason: "took too long" } },
    ]);
  });

  test("asks a suspended rule again from the event after the one at which a person resumes it", async () => {
    let suspensions: SuspensionBook | undefined;
    const resumes = rule("Resumes", {
      rule: ({ fields }: Event) => {
        if (fields["eventName"] === "Call2") suspensions?.resume("Slow");
        return false;
      },
    });
    const rules = [resumes, rule("Slow")];
    const limits = { suspendAfter: 1, suspendWindowMs: 1000 };
    const created = await createLane({
      records,
      rules,
      parts: { control, resume: resume({ blames: [blame(0, "Slow")] }) },
      partsOf: (store) => ({ suspensions: (suspensions = new SuspensionBook({ store, limits, rules })) }),
    });
    await created.lane.run();
    expect(asked).toEqual(["Slow Call3", "Slow Call4"]);
  });

  test("goes on counting where the last commit stood", async () => {
    const counts = { events: 10, bytes: 100, matches: 3, alerts: 2, ruleErrors: 1, deadLetters: 4 };
    const none = { alerts: 0, ruleErrors: 0, timedEvents: 0, timedMicroseconds: 0 };
    const committed = { ...counts, rules: { Matches: { ...none, matches: 3 } } };
    const created = await createLane({
      records,
      rules: [rule("Matches"), rule("A")],
      parts: { control, resume: resume({ committed }) },
    });
    const result = await created.lane.run();
    expect(result.matches).toEqual({ A: 0, Matches: 8 });
    expect(control.read()).toMatchObject({
      events: 15,
      matches: 8,
      alerts: 7,
      ruleErrors: 1,
      deadLetters: 4,
    });
  });
});

test("a runtime that has died ends the lane, with the record still noted", async () => {
  const dies = rule("Dies", {
    rule: () => {
      throw new StakeoutError("LANE_FAILED", "The interpreter has died.");
    },
  });
  await expect(run([dies], {})).rejects.toMatchObject({ code: "LANE_FAILED" });
  expect(control.busy()).toMatchObject({ kind: "evaluating", position: positionOf(0) });
});

test("a lane that has ended is busy with nothing", async () => {
  await run([rule("Matches")], { suspects: [{ position: positionOf(1), slow: true }] });
  expect(control.busy()).toBeUndefined();
});
