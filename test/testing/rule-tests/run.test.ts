import { describe, expect, test } from "vitest";

import type { JsonObject } from "../../../src/core/json.ts";
import { failed, runOne } from "./fixtures.ts";

const user = { user: "ann" };

describe("events and matches", () => {
  test("a sequence matches where the rule remembers enough", async () => {
    const result = await runOne({ events: [user, user, user, user], expect: [3, 4] });
    expect(failed(result)).toEqual([]);
    expect(result).toMatchObject({ passed: true, matches: [false, false, true, true], trace: undefined });
  });

  test("time moves with after, and what has ended is forgotten", async () => {
    const events = [user, user, { ...user, after: "1h" }, { ...user, after: 1 }, { ...user, after: 1 }];
    expect(failed(await runOne({ events, expect: [5] }))).toEqual([]);
    const sooner = [user, user, { ...user, after: "3599s" }];
    expect(failed(await runOne({ events: sooner, expect: [3] }))).toEqual([]);
  });

  test("says which events of a sequence are wrong", async () => {
    const result = await runOne({ events: [user, user, user, user], expect: [1, 2, 3] });
    expect(result.failures).toEqual([
      {
        what: "matches",
        message: "events 1, 2 should match and do not; event 4 matches and should not",
        expected: [1, 2, 3],
        actual: [3, 4],
      },
    ]);
  });

  test("says it of a single event", async () => {
    const wrong = await runOne({ event: user, expect: true });
    expect(wrong.failures).toMatchObject([
      { message: "the event should match and does not", expected: true, actual: false },
    ]);
    const other = await runOne({ event: user, expect: false }, { rule: "return true;" });
    expect(other.failures).toMatchObject([{ message: "the event matches and should not" }]);
  });

  test("events of a log type that the rule is not for do not reach it", async () => {
    const result = await runOne(
      { events: [user, { ...user, p_log_type: "Other.Log" }], expect: [1] },
      { rule: "return true;" },
    );
    expect(result.passed).toBe(true);
    expect(result.outputs.filter((output) => output.function === "rule")).toHaveLength(1);
  });

  test("a rule that is not enabled is tested all the same", async () => {
    const result = await runOne(
      { event: user, expect: true },
      { rule: "return true;", fields: "enabled: false," },
    );
    expect(result.passed).toBe(true);
  });

  test("far-off times are not cut down to the wall clock", async () => {
    const rule = 'return now().toISOString() === "2999-01-01T00:00:00.000Z";';
    expect((await runOne({ event: { ...user, at: "2999-01-01" }, expect: true }, { rule })).passed).toBe(
      true,
    );
  });

  test("now is the clock of an event without a time", async () => {
    const rule = 'return now().toISOString() === "2026-05-01T12:00:00.000Z";';
    const result = await runOne({ now: "2026-05-01T12:00:00Z", event: user, expect: true }, { rule });
    expect(result.passed).toBe(true);
  });

  test("an event that the engine would not take fails the test", async () => {
    let deep: JsonObject = {};
    for (let level = 0; level < 250; level++) deep = { deep };
    // In a file of its own, because a definition has the same limit.
    const tooDeep = await runOne(
      { event: { file: "deep.json" }, expect: false },
      {},
      {},
      { "deep.json": JSON.stringify(deep) },
    );
    expect(failed(tooDeep)).toEqual([expect.stringMatching(/^events: event 1 cannot become an event:.*200/)]);
    const long = await runOne(
      { event: { file: "long.json" }, expect: false },
      {},
      {},
      {
        "long.json": JSON.stringify({ text: "x".repeat(5_000_000) }),
      },
    );
    expect(failed(long)).toEqual([expect.stringContaining("events: event 1 cannot become an event:")]);
  });

  test("the rule cannot change an event", async () => {
    const result = await runOne(
      { event: { list: [] }, expect: true },
      { rule: "event.list.push(1); return true;" },
    );
    expect(failed(result)[1]).toContain("event 1, rule: TypeError");
  });
});

describe("rule errors", () => {
  const rule = "return event.missing.field;";

  test("fail a test that expects none", async () => {
    const result = await runOne({ event: user, expect: false }, { rule });
    expect(failed(result)).toEqual([
      expect.stringContaining("errors: the rule failed: event 1, rule: TypeError: Cannot read"),
    ]);
    expect(result.outputs).toEqual([
      {
        eventIndex: 0,
        function: "rule",
        output: null,
        error: expect.stringContaining("TypeError"),
        passed: false,
      },
    ]);
  });

  test("can be expected by a part of their message", async () => {
    expect((await runOne({ event: user, expect: { errors: ["Cannot read"] } }, { rule })).passed).toBe(true);
    const other = await runOne({ event: user, expect: { errors: ["overflow"] } }, { rule });
    expect(failed(other)).toEqual([
      expect.stringContaining("errors: 1 rule error expected, 1 occurred: event 1, rule:"),
    ]);
    const none = await runOne({ event: user, expect: { errors: ["overflow"] } }, { rule: "return false;" });
    expect(failed(none)).toEqual(["errors: 1 rule error expected, 0 occurred"]);
  });

  test("an answer that is no boolean is one", async () => {
    const result = await runOne({ event: user, expect: true }, { rule: "return 1;" });
    expect(result.outputs).toMatchObject([
      { output: 1, error: expect.stringContaining("must answer true or false") },
    ]);
  });

  test("a forgotten await is one", async () => {
    const result = await runOne({ event: user, expect: false }, { rule: 'getCounter("k"); return false;' });
    expect(failed(result)).toEqual([expect.stringContaining("getCounter() was called without")]);
  });
});

describe("auxiliary functions", () => {
  const fields = 'title: () => { throw new Error("no title"); }, dedup: (event) => event.user,';

  test("do not run for events that do not match", async () => {
    const result = await runOne({ event: user, expect: false }, { fields });
    expect(result).toMatchObject({ passed: true, outputs: [{ function: "rule" }] });
  });

  test("run for them when that is asked for, and what fails in them fails the test", async () => {
    const result = await runOne({ event: user, expect: false }, { fields }, { strictAuxiliary: true });
    expect(failed(result)).toEqual(["errors: the rule failed: event 1, title: Error: no title"]);
    expect(result.outputs).toMatchObject([
      { function: "rule", output: false, passed: true },
      { function: "title", error: "Error: no title", passed: false },
      { function: "dedup", output: "ann", passed: true },
    ]);
  });

  test("may use state when they are asked for", async () => {
    const withState = "title: async (event) => `seen ${await getCounter(`Test.Rule:${event.user}`)}`,";
    const result = await runOne(
      { event: user, expect: false },
      { fields: withState },
      { strictAuxiliary: true },
    );
    expect(result.outputs.at(-1)).toMatchObject({ function: "title", output: "seen 1", error: null });
  });

  test("that fail for a match fail the test, and the alert is there", async () => {
    const result = await runOne(
      { event: user, expect: { matches: true, alerts: 1 } },
      { fields, rule: "return true;" },
    );
    expect(failed(result)).toEqual(["errors: the rule failed: event 1, title: Error: no title"]);
  });
});

describe("state before the first event", () => {
  test("counters, sets and dictionaries are remembered, with a lifetime", async () => {
    const rule = `return (await getCounter("c")) === 2 && (await getStringSet("s")).has("x");`;
    const state = {
      c: { count: 2, expires: "1h" },
      s: { strings: ["x", "x"] },
      d: { dictionary: { a: 1 }, expires: 0 },
    };
    const expectation = {
      matches: [1],
      state: { d: { dictionary: { a: 1 }, expires: 0 }, s: { strings: ["x"], expires: "2159h" }, c: null },
    };
    const result = await runOne(
      { state, events: [user, { ...user, after: "1h" }], expect: expectation },
      { rule },
    );
    expect(failed(result)).toEqual([]);
  });

  test("tests know nothing of each other", async () => {
    const definition = {
      events: [user, user],
      expect: { state: { "Test.Rule:ann": { count: 2, expires: "1h" } } },
    };
    expect(failed(await runOne(definition))).toEqual([]);
    expect(failed(await runOne(definition))).toEqual([]);
  });
});

describe("what is expected of state", () => {
  test("names key and column that differ", async () => {
    const expectation = {
      state: {
        "Test.Rule:ann": { count: 2, expires: "59m" },
        none: { strings: ["x"] },
        gone: { expires: "1h" },
      },
    };
    const result = await runOne({ event: user, expect: expectation });
    expect(result.failures).toEqual([
      {
        what: "state",
        message: 'state key "Test.Rule:ann": count, expires differ',
        expected: { count: 2, expires: "59m" },
        actual: { count: 1, expires: "1h" },
      },
      {
        what: "state",
        message: 'state key "none": strings differs',
        expected: { strings: ["x"] },
        actual: { strings: [] },
      },
      { what: "state", message: 'state key "gone": it is absent', expected: { expires: "1h" }, actual: null },
    ]);
  });

  test("a key that must be absent and is not", async () => {
    const result = await runOne({ event: user, expect: { state: { "Test.Rule:ann": null } } });
    expect(result.failures).toMatchObject([
      {
        message: 'state key "Test.Rule:ann": it should be absent',
        expected: null,
        actual: { count: 1, expires: "1h" },
      },
    ]);
  });

  test("a lifetime that is a millisecond off differs", async () => {
    const events = [user, { ...user, after: 0.001 }];
    const result = await runOne({ events, expect: { state: { "Test.Rule:ann": { expires: "1h" } } } });
    expect(result.failures).toMatchObject([{ actual: { expires: "59m59s999ms" } }]);
  });
});

describe("what is expected of alerts", () => {
  const parts = {
    rule: "return true;",
    fields: `title: (event) => \`seen \${event.user}\`, dedup: (event) => event.user, destinations: () => ["mail"],
      alertContext: (event) => ({ user: event.user, deep: { a: 1, b: [1, 2] } }),`,
  };

  test("a number", async () => {
    const events = [user, user, { user: "bob" }];
    expect((await runOne({ events, expect: { alerts: 2 } }, parts)).passed).toBe(true);
    const result = await runOne({ events, expect: { alerts: 3 } }, parts);
    expect(result.failures).toEqual([
      {
        what: "alerts",
        message: "3 alerts expected, 2 raised",
        expected: 3,
        actual: ["seen ann", "seen bob"],
      },
    ]);
  });

  test("exact values, parts and patterns", async () => {
    const alerts = [
      {
        title: { matches: "^seen [a-z]{3}$" },
        severity: "low" as const,
        dedup: "ann",
        destinations: ["mail"],
        context: { contains: { deep: { b: { contains: [2] } } } },
      },
    ];
    expect(failed(await runOne({ event: user, expect: { alerts } }, parts))).toEqual([]);
  });

  test("names the fields that differ and shows only what was asked for", async () => {
    const alerts = [{ title: "seen bob", dedup: "ann", context: { user: "ann" } }];
    const result = await runOne({ event: user, expect: { alerts } }, parts);
    expect(result.failures).toEqual([
      {
        what: "alerts",
        message: "alert 1: title, context differ",
        expected: alerts[0],
        actual: { title: "seen ann", dedup: "ann", context: { user: "ann", deep: { a: 1, b: [1, 2] } } },
      },
    ]);
  });

  test("alerts that go to no destination count too", async () => {
    const fields = "destinations: () => [],";
    const result = await runOne(
      { event: user, expect: { alerts: [{ destinations: [] }] } },
      { rule: "return true;", fields },
    );
    expect(failed(result)).toEqual([]);
  });

  test("a later window raises another alert", async () => {
    const events = [user, { ...user, after: "59m" }, { ...user, after: "1m" }];
    expect((await runOne({ events, expect: { alerts: 2 } }, parts)).passed).toBe(true);
  });
});

describe("warnings", () => {
  test.each(["undefined", "null", "None", "NaN"])("a state key with %s in it", async (word) => {
    const rule = `await incrementCounter("k:${word}-x"); await getCounter("k${word}"); return false;`;
    const { warnings, passed } = await runOne({ event: user, expect: false }, { rule });
    expect(passed).toBe(true);
    expect(warnings).toEqual([
      `the state key "k:${word}-x" contains ${word}: was it made from a field that the event lacks?`,
    ]);
  });
});

describe("what a failed test shows", () => {
  test("conditions with values and lines, and operations with results and times", async () => {
    const { trace } = await runOne({ now: "2026-05-01T12:00:00Z", event: user, expect: true });
    expect(trace?.operations).toEqual([
      {
        eventIndex: 0,
        operation: "incrementCounter",
        key: "Test.Rule:ann",
        arguments: [1],
        result: 1,
        error: null,
        atMs: Date.UTC(2026, 4, 1, 12),
      },
      expect.objectContaining({
        operation: "setKeyExpiration",
        arguments: [{ at: "2026-05-01T13:00:00.000Z" }],
      }),
    ]);
    expect(trace?.conditions).toContainEqual(
      expect.objectContaining({ eventIndex: 0, text: "count === 1", value: true, line: 8 }),
    );
  });

  test("a passing test is traced when that is asked for", async () => {
    const { passed, trace } = await runOne({ events: [user, user], expect: false }, {}, { trace: true });
    expect(passed).toBe(true);
    expect(
      trace?.conditions.filter(({ text }) => text === "count === 1").map((each) => each.eventIndex),
    ).toEqual([0, 1]);
  });

  test("what the rule printed, once", async () => {
    const rule = 'console.log("seen", event.user); console.error({ a: 1 }); return false;';
    const { printed } = await runOne({ event: user, expect: true }, { rule });
    expect(printed).toBe("seen ann\n{ a: 1 }\n");
  });
});
