import { describe, expect, test } from "vitest";
import { isThenable, type JsonObject, type JsonValue } from "../../../src/core/json.ts";
import type { ConditionRecord } from "../../../src/rules/test-instrument.ts";
import { loadForTesting } from "../../../src/rules/typescript/test-instrument.ts";
import { event, withRules } from "../fixtures.ts";

interface Traced {
  readonly answer: unknown;
  readonly conditions: readonly ConditionRecord[];
}

/** Traces a rule with these members (and what stands before it) on an event with these fields. */
async function trace(members: string, fields: JsonObject = {}, before = ""): Promise<Traced> {
  using folder = withRules({
    "a.ts": `${before}
import { defineRule } from "stakeout";
export default defineRule({ id: "A", logTypes: ["L"], severity: "low", ${members} });`,
  });
  const { rules, problems, instrument } = await loadForTesting([folder.path]);
  expect(problems).toEqual([]);
  instrument.startTrace();
  let answer: unknown;
  try {
    answer = rules[0]?.rule(event(fields));
    if (isThenable(answer)) answer = await answer;
  } catch (error) {
    answer = String(error);
  }
  return { answer, conditions: instrument.takeTrace() };
}

/** Each condition as its text, value and parts. */
function shown({ conditions }: Traced): readonly (readonly [string, JsonValue, JsonObject])[] {
  return conditions.map(({ text, value, parts }) => [
    text,
    value,
    Object.fromEntries(parts.map((part) => [part.text, part.value])),
  ]);
}

const nothing: JsonValue = { $: "undefined" };

describe("a condition", () => {
  test("is recorded with file, line, text, value and parts", async () => {
    const { answer, conditions } = await trace(`
rule(event) {
  if (event.errorCode !== "AccessDenied") return false;
  return true;
}`);
    expect(answer).toBe(false);
    expect(conditions).toEqual([
      {
        file: expect.stringMatching(/a\.ts$/),
        line: 5,
        text: 'event.errorCode !== "AccessDenied"',
        value: true,
        parts: [{ text: "event.errorCode", value: nothing }],
      },
      { file: expect.stringMatching(/a\.ts$/), line: 5, text: "return false", value: false, parts: [] },
    ]);
  });

  test("shows an optional chain as a whole, and no more of it than was evaluated", async () => {
    const traced = await trace("rule: (event) => event.who?.arn.length > 2 && event.never === 1,", {});
    expect(shown(traced)).toEqual([
      ["event.who?.arn.length > 2", false, { "event.who?.arn.length": nothing }],
      ["event.who?.arn.length > 2 && event.never === 1", false, { "event.who?.arn.length > 2": false }],
    ]);
  });

  test("of several operands is recorded after those of its operands that decide something", async () => {
    const traced = await trace("rule: (event) => !event.a || event.b === 2 || event.c,", {
      a: 1,
      b: 3,
      c: "yes",
    });
    expect(shown(traced)).toEqual([
      ["!event.a", false, { "event.a": 1 }],
      ["event.b === 2", false, { "event.b": 3 }],
      [
        "!event.a || event.b === 2 || event.c",
        "yes",
        { "!event.a": false, "event.b === 2": false, "event.c": "yes" },
      ],
    ]);
  });

  test("shows what a called method belongs to, the arguments and the answer", async () => {
    const traced = await trace("rule: (event) => event.who.agent.startsWith(event.prefix) === true,", {
      who: { agent: "curl/8" },
      prefix: "wget",
    });
    expect(shown(traced)[0]).toEqual([
      "event.who.agent.startsWith(event.prefix) === true",
      false,
      {
        "event.prefix": "wget",
        "event.who.agent": "curl/8",
        "event.who.agent.startsWith(event.prefix)": false,
      },
    ]);
  });

  test("shows what was awaited, not the promise", async () => {
    const traced = await trace(
      "async rule() { return (await count(2)) > 1; },",
      {},
      "const count = async (n) => n;",
    );
    expect(shown(traced)).toEqual([["(await count(2)) > 1", true, { "await count(2)": 2 }]]);
  });

  test("shows a promise that nobody awaited", async () => {
    const traced = await trace(
      "rule() { if (count()) return true; return false; },",
      {},
      "const count = async () => 0;",
    );
    expect(shown(traced)[0]).toEqual([
      "count()",
      { $: "Promise { 0 }" },
      { "count()": { $: "Promise { 0 }" } },
    ]);
  });

  test("leaves out a whole event that is handed on", async () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`field${index}`, index]));
    const traced = await trace(
      "rule(event) { return check(event) === 1; },",
      many,
      "const check = (e) => e.field1;",
    );
    expect(shown(traced)[0]).toEqual(["check(event) === 1", true, { "check(event)": 1 }]);
  });

  test("is what a switch looks at, and each case up to the one that fits", async () => {
    const traced = await trace(
      'rule(event) { switch (event.name) { case "a": return true; case event.other: return true; case "c": } return false; },',
      { name: "b", other: "b" },
    );
    expect(shown(traced)).toEqual([
      ["event.name", "b", { "event.name": "b" }],
      ['event.name === "a"', false, { "event.name": "b" }],
      ["event.name === event.other", true, { "event.name": "b" }],
      ["return true", true, {}],
    ]);
  });

  test("is the answer of a function when that is a boolean, and only then", async () => {
    const before = "const yes = (x) => x.ok;\nconst text = (x) => x.name;";
    const traced = await trace(
      "rule(event) { text(event); return yes(event); },",
      { ok: true, name: "n" },
      before,
    );
    expect(shown(traced)).toEqual([
      ["x.ok", true, { "x.ok": true }],
      ["yes(event)", true, { event: { ok: true, name: "n" }, "yes(event)": true }],
    ]);
  });

  test("that throws leaves what was decided before it", async () => {
    const traced = await trace(
      "rule(event) { if (event.a === 1) return event.no.such === 2; return false; },",
      { a: 1 },
    );
    expect(traced.answer).toMatch(/TypeError: Cannot read properties of undefined/);
    expect(shown(traced)).toEqual([["event.a === 1", true, { "event.a": 1 }]]);
  });

  test("keeps its line whatever stands on the lines before", async () => {
    const { conditions } = await trace(`
/* a comment
   of lines */ rule(event: { a?: number }): boolean { const yes = event.a ? 1 : 2; return (
    yes === 2 as const
    && event.b !== 3
  ); },`);
    expect(conditions.map(({ line, text }) => [line, text.replaceAll(/ +/g, " ")])).toEqual([
      [5, "event.a"],
      [6, "yes === 2"],
      [7, "event.b !== 3"],
      [6, "yes === 2 && event.b !== 3"],
    ]);
  });
});

describe("values belong to the evaluation that saw them", () => {
  test("when a condition comes to itself again further down", async () => {
    const before = "const sum = (n) => n > 0 && n + sum(n - 1) > 100;";
    const traced = await trace("rule: () => sum(2),", {}, before);
    expect(shown(traced).filter(([text]) => text === "n > 0")).toEqual([
      ["n > 0", true, { n: 2 }],
      ["n > 0", true, { n: 1 }],
      ["n > 0", false, { n: 0 }],
    ]);
    expect(shown(traced).filter(([text]) => text === "n + sum(n - 1) > 100")).toEqual([
      ["n + sum(n - 1) > 100", false, { n: 1, "sum(n - 1)": false }],
      ["n + sum(n - 1) > 100", false, { n: 2, "sum(n - 1)": false }],
    ]);
  });

  test("when calls of one function wait for each other's turn", async () => {
    const before = "const later = async (n) => { for (let i = 0; i < n; i++) await null; return n; };";
    const traced = await trace(
      "async rule() { await Promise.all([3, 1, 2].map(async (n) => (await later(n)) === 2 && n > 0)); return true; },",
      {},
      before,
    );
    const own = shown(traced).filter(([text]) => text === "(await later(n)) === 2");
    expect(own).toEqual([
      ["(await later(n)) === 2", false, { n: 1, "await later(n)": 1 }],
      ["(await later(n)) === 2", true, { n: 2, "await later(n)": 2 }],
      ["(await later(n)) === 2", false, { n: 3, "await later(n)": 3 }],
    ]);
  });

  test("when something inside threw and was caught", async () => {
    const before = `const risky = (n) => { try { return n === fail(n); } catch { return n; } };
const fail = (n) => { throw new Error("no"); };`;
    const traced = await trace("rule: (event) => risky(event.a) + event.b === 3,", { a: 1, b: 2 }, before);
    expect(shown(traced)).toEqual([
      ["risky(event.a) + event.b === 3", true, { "event.a": 1, "risky(event.a)": 1, "event.b": 2 }],
    ]);
  });

  test("also when they change later", async () => {
    const traced = await trace(
      "rule() { const seen = [1]; if (seen) seen.push(2); return seen.length === 2; },",
    );
    expect(shown(traced)[0]).toEqual(["seen", [1], { seen: [1] }]);
  });
});

describe("a trace", () => {
  test("keeps its first ten thousand conditions and counts the others", async () => {
    const { conditions } = await trace("rule() { let i = 0; while (i++ < 20000); return true; },");
    expect(conditions.length).toBe(10_001);
    expect(conditions.at(-1)?.text).toBe("(10002 more conditions were evaluated, of which nothing is kept)");
  });

  test("holds nothing of what went on while there was none", async () => {
    using folder = withRules({
      "a.ts": `import { defineRule } from "stakeout";
let go;
export default defineRule({ id: "A", logTypes: ["L"], severity: "low",
  rule: async (event) => event.go === 1 ? (go(), true) : (await new Promise((done) => (go = done))) === undefined });`,
    });
    const { rules, instrument } = await loadForTesting([folder.path]);
    instrument.startTrace();
    const waiting = rules[0]?.rule(event());
    expect(instrument.takeTrace().length).toBe(1);
    expect(instrument.takeTrace()).toEqual([]);
    instrument.startTrace();
    rules[0]?.rule(event({ go: 1 }));
    await waiting;
    expect(instrument.takeTrace().map(({ text }) => text)).toEqual([
      "event.go === 1",
      expect.stringContaining("event.go === 1 ? (go(), true)"),
    ]);
  });
});
