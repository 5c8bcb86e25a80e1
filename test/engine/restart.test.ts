import { describe, expect, test } from "vitest";

import type { Position } from "../../src/core/position.ts";
import type { Busy } from "../../src/engine/control.ts";
import { KnownRecords, type LaneDeath, Restarts } from "../../src/engine/restart.ts";

const position: Position = { source: "files", stream: "/logs/a", offset: 7 };
const other: Position = { ...position, stream: "/logs/b" };

function evaluating(rule?: number, at: Position = position): Busy {
  return { kind: "evaluating", position: at, rule };
}

function death(fields: Partial<LaneDeath> = {}): LaneDeath {
  return { busy: evaluating(), ruleIds: ["A", "B"], reason: undefined, ...fields };
}

describe("a lane that died", () => {
  test("on a record makes that one suspect", () => {
    const restarts = new Restarts(5000);
    expect(restarts.judge(death())).toMatchObject({
      kind: "restart",
      warning: expect.stringContaining("rule budget of 5 s"),
    });
    expect(restarts.judge(death({ reason: "out of memory" }))).toMatchObject({
      warning: expect.stringContaining("out of memory"),
    });
    expect(restarts.suspects).toEqual([
      { position, slow: true },
      { position, slow: false },
    ]);
    expect(restarts.blames).toEqual([]);
  });

  test("with a rule noted puts the blame on that", () => {
    const restarts = new Restarts(5000);
    restarts.judge(death({ busy: evaluating(1) }));
    restarts.judge(death({ busy: evaluating(0), reason: "out of memory" }));
    expect(restarts.blames).toMatchObject([
      { position, ruleId: "B", code: "RULE_BUDGET_EXCEEDED" },
      { position, ruleId: "A", code: "RULE_ENDED_LANE", did: "ended the lane (out of memory)" },
    ]);
  });

  test("while it loaded a file ends the run with a problem of that file", () => {
    const busy: Busy = { kind: "loading", file: "/rules/a.ts" };
    expect(new Restarts(5000).judge(death({ busy, ruleIds: [] }))).toMatchObject({
      kind: "invalid",
      problem: { file: "/rules/a.ts", line: 0, message: expect.stringContaining("after 5 s") },
    });
    expect(new Restarts(5000).judge(death({ busy, reason: "it ended" }))).toMatchObject({
      problem: { message: expect.stringContaining("it ended") },
    });
  });

  test("again and again with nothing to blame is given up", () => {
    const restarts = new Restarts(5000);
    const kinds = Array.from(
      { length: 7 },
      () => restarts.judge(death({ busy: undefined, reason: "no disk" })).kind,
    );
    expect(kinds).toEqual([...Array.from({ length: 5 }, () => "restart"), "give-up", "give-up"]);
  });

  test.each([
    ["committed records", (restarts: Restarts) => restarts.progressed()],
    ["found a rule to blame", (restarts: Restarts) => void restarts.judge(death({ busy: evaluating(0) }))],
  ])("is not given up when it %s in between", (_, progress) => {
    const restarts = new Restarts(5000);
    for (let count = 0; count < 20; count++) {
      expect(restarts.judge(death()).kind).toBe("restart");
      if (count % 5 === 4) progress(restarts);
    }
  });
});

describe("known records", () => {
  const blame = { position, ruleId: "B", code: "RULE_ENDED_LANE", did: "ended the lane" } as const;

  test("are the suspects and those with a rule to blame, of that stream only", () => {
    const known = new KnownRecords([{ position: { ...position, offset: 1 }, slow: true }], [blame]);
    expect(known.suspect({ ...position, offset: 1 })).toMatchObject({ slow: true });
    expect(known.suspect(position)).toBeDefined();
    expect(known.suspect(other)).toBeUndefined();
    expect(known.suspect({ ...position, offset: 2 })).toBeUndefined();
  });

  test("tell of each rule whether it may look at them", () => {
    const known = new KnownRecords([{ position: other, slow: false }], [blame]);
    expect(known.blame(position, "B")).toBe(blame);
    expect(known.blame(position, "A")).toBeUndefined();
    expect(known.blame(other, "B")).toBeUndefined();
    expect([known.isBlamed(position), known.isBlamed(other)]).toEqual([true, false]);
  });
});
