import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";

import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { listRuleErrors } from "../../src/alerts/rule-errors.ts";
import { openState } from "../../src/config/open-state.ts";
import { defaultBatch, type RunConfig } from "../../src/config/run-config.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import type { Counters } from "../../src/engine/control.ts";
import { listSuspensions } from "../../src/engine/suspensions.ts";
import { LaneHandle, type LaneOutcome } from "../../src/engine/supervisor.ts";
import type { Item } from "../../src/state/store.ts";
import { cloudTrail } from "./fixtures.ts";

/** What the function of a rule does on the event named Bad. */
const endings = {
  "loops for ever": "for (;;);",
  "loops for ever where only built-in functions are called": "for (;;) new Array(1000).fill({});",
  "waits for ever": "await new Promise(() => {});",
  "runs away in a regular expression": `/^(a+)+$/.test("a".repeat(60) + "b");`,
  "ends the process with success": "process.exit(0);",
  "uses up the memory": "const kept = []; for (;;) kept.push({ n: kept.length });",
} as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stakeout-supervisor-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A rule file; the function may use `event` and the state helpers. */
function rule(id: string, body: string, fields = ""): string {
  return write(
    `${id}.ts`,
    `import { defineRule, incrementCounter } from "stakeout";
export default defineRule({ id: "${id}", logTypes: ["AWS.CloudTrail"], severity: "low", dedupPeriod: "1s", ${fields}
  async rule(event) { ${body} } });`,
  );
}

/** 40 events; those of the numbers given are named Bad. */
function events(...bad: readonly number[]): string {
  const lines = Array.from({ length: 40 }, (_, number) =>
    cloudTrail(number * 10, { eventName: bad.includes(number) ? "Bad" : `Call${number}` }),
  );
  return `${lines.join("\n")}\n`;
}

interface Setup {
  readonly rules: readonly string[];
  /** Text of a file, or what standard input gives. */
  readonly input: string | Readable;
  readonly name?: string;
  readonly inMemory?: boolean;
  readonly console?: boolean;
  readonly limits?: Partial<RunConfig["limits"]>;
}

interface Ran {
  readonly outcome: LaneOutcome;
  readonly counters: Counters;
  readonly warnings: readonly string[];
  readonly printed: string;
  readonly alerts: string;
  readonly stateFile: string;
}

async function run(setup: Setup): Promise<Ran> {
  const { rules, input, name = "run", inMemory = false, console = false } = setup;
  const file = (ending: string): string => join(folder, `${name}.${ending}`);
  const limits = {
    ...defaultLimits,
    ruleBudgetMs: 200,
    laneHeapBytesMax: 64 * 1024 * 1024,
    ...setup.limits,
  };
  const config: RunConfig = {
    rules,
    inputs: typeof input === "string" ? [write("events.ndjson", input)] : [],
    stdin: typeof input !== "string",
    format: "auto",
    envelopeField: undefined,
    logType: undefined,
    logTypes: [],
    stateFile: inMemory ? ":memory:" : file("db"),
    alertsFile: console ? undefined : file("alerts.jsonl"),
    deadLettersFile: file("dead-letters.jsonl"),
    console: console ? { format: "json", color: false, width: 80 } : undefined,
    limits,
    // Commits between most records, so that some lie before and some behind the one that ends a lane.
    batch: { ...defaultBatch, latencyMs: 1 },
  };
  const warnings: string[] = [];
  let printed = "";
  const lane = new LaneHandle({
    threadUrl: new URL("../../src/config/lane-thread.ts", import.meta.url),
    config: config as unknown as JsonObject,
    limits,
    keepsState: !inMemory,
    ...(typeof input === "string" ? {} : { stdin: input }),
    onOutput: async (text) => void (printed += text),
    onWarning: (message) => warnings.push(message),
    onStuck: (message) => warnings.push(message),
    onRulePrint: () => undefined,
  });
  const outcome = await lane.outcome;
  const alertsFile = file("alerts.jsonl");
  const alerts = existsSync(alertsFile) ? readFileSync(alertsFile, "utf8") : "";
  return { outcome, counters: lane.control.read(), warnings, printed, alerts, stateFile: file("db") };
}

interface Remembered {
  readonly items: readonly Item[];
  readonly errors: readonly { readonly ruleId: string; readonly type: string; readonly count: number }[];
  readonly suspended: readonly string[];
}

async function remembered(stateFile: string): Promise<Remembered> {
  const store = openState(stateFile, { readOnly: true });
  const items = await store.listItems({ limit: 1000, nowMs: 0 });
  const errors = (await listRuleErrors(store)).map(({ ruleId, type, count }) => ({ ruleId, type, count }));
  const suspended = (await listSuspensions(store)).map(({ ruleId }) => ruleId);
  await store.close();
  return { items, errors, suspended };
}

const counts = `await incrementCounter("counts"); return event.eventName !== "Call0";`;

/** Counts, too, but ends badly after it has counted. */
function ending(how: string): string {
  return `if (event.eventName === "Bad") { ${how} } await incrementCounter("bad rule"); return false;`;
}

function afterCounting(how: string): string {
  return `await incrementCounter("bad rule"); if (event.eventName === "Bad") { ${how} } return false;`;
}

describe.each(Object.entries(endings))("a rule that %s", (name, how) => {
  test("costs no event, no alert and no state but its own on that event", async () => {
    const good = rule("A.Good", counts, "title: (event) => event.eventName,");
    const later = rule("Z.Later", counts.replace("counts", "later"));
    const threw = await run({
      rules: [good, later, rule("M.Bad", ending("throw new Error();"))],
      input: events(20),
      name: "threw",
    });
    const ends = /process|memory/.test(name);
    const ran = await run({
      rules: [good, later, rule("M.Bad", afterCounting(how))],
      input: events(20),
      limits: ends ? { ruleBudgetMs: defaultLimits.ruleBudgetMs } : {},
    });
    expect(ran.outcome).toEqual(threw.outcome);
    expect(ran.counters).toMatchObject({
      events: 40,
      bytes: threw.counters.bytes,
      alerts: 78,
      ruleErrors: 1,
    });
    expect(ran.alerts).toBe(threw.alerts);
    const [expected, actual] = [await remembered(threw.stateFile), await remembered(ran.stateFile)];
    expect(actual.items).toEqual(expected.items);
    const code = ends ? "RULE_ENDED_LANE" : "RULE_BUDGET_EXCEEDED";
    expect(actual.errors).toEqual([{ ruleId: "M.Bad", type: `StakeoutError ${code}`, count: 1 }]);
    expect(ran.warnings.at(-1)).toMatch(/^Rule M\.Bad .* without asking it about that event\.$/);
  });
});

test("a Python rule that loops is found among those that are asked together, and suspended until its code changes", async () => {
  const python = (id: string, body: string): void => {
    write(
      `${id}.yml`,
      `AnalysisType: rule\nFilename: ${id}.py\nRuleID: ${id}\nEnabled: true\nLogTypes: [AWS.CloudTrail]\nSeverity: Low\n`,
    );
    write(
      `${id}.py`,
      `from panther_detection_helpers.caching import increment_counter\n\n\ndef rule(event):\n${body}`,
    );
  };
  const count = (key: string): string => `    increment_counter("${key}")\n`;
  const loop = `    while event.get("eventName") == "Bad":\n        pass\n    return False\n`;
  python("Py.A", `${count("a")}    return False\n`);
  python("Py.B", `${count("b")}${loop}`);
  python("Py.C", `${count("c")}    return False\n`);
  const limits = { ruleBudgetMs: 2000, suspendAfter: 1 };
  const rules = ["Py.A.yml", "Py.B.yml", "Py.C.yml"].map((name) => join(folder, name));
  const first = await run({ rules, input: events(20), limits });
  expect(first.counters).toMatchObject({ events: 40, ruleErrors: 1 });
  const { items, errors, suspended } = await remembered(first.stateFile);
  expect(items.map(({ key, count: times }) => [key, times])).toEqual([
    ["a", 40],
    ["b", 20],
    ["c", 40],
  ]);
  expect(errors).toEqual([{ ruleId: "Py.B", type: "StakeoutError RULE_BUDGET_EXCEEDED", count: 1 }]);
  expect(suspended).toEqual(["Py.B"]);

  python("Py.B", `${count("b")}    return False\n`);
  const second = await run({ rules, input: events(20) + events(20), limits });
  expect(second.warnings).toEqual([expect.stringMatching(/Py\.B has changed/)]);
});

test("two such rules on one event are found one after the other", async () => {
  const rules = [rule("A.Bad", afterCounting("for (;;);")), rule("B.Bad", afterCounting("process.exit(1);"))];
  const ran = await run({ rules, input: events(20) });
  expect(ran.counters).toMatchObject({ events: 40, ruleErrors: 2 });
  expect((await remembered(ran.stateFile)).errors).toEqual([
    { ruleId: "A.Bad", type: "StakeoutError RULE_BUDGET_EXCEEDED", count: 1 },
    { ruleId: "B.Bad", type: "StakeoutError RULE_ENDED_LANE", count: 1 },
  ]);
});

test("a function called for a match may be what loops", async () => {
  const bad = rule("A.Bad", `return event.eventName === "Bad";`, `title() { for (;;); },`);
  const ran = await run({ rules: [bad, rule("B.Good", counts)], input: events(20) });
  expect(ran.counters).toMatchObject({ events: 40, alerts: 39, ruleErrors: 1 });
});

test("rules that are slow together, none of them alone, get through", async () => {
  const slow = `if (event.eventName === "Bad") await new Promise((done) => setTimeout(done, 120)); return false;`;
  const ran = await run({ rules: ["A", "B", "C"].map((id) => rule(id, slow)), input: events(20, 21) });
  expect(ran.counters).toMatchObject({ events: 40, ruleErrors: 0 });
  expect(ran.warnings).toHaveLength(1);
});

describe("alerts on a screen", () => {
  test.each([
    ["with a state file", false],
    ["with a state in memory, where everything begins again", true],
  ])("are printed once %s", async (_, inMemory) => {
    const good = rule("A.Good", counts, "title: (event) => event.eventName,");
    const setup = { input: events(30), inMemory, console: true };
    const threw = await run({
      ...setup,
      rules: [good, rule("M.Bad", ending("throw new Error();"))],
      name: "threw",
    });
    const ran = await run({ ...setup, rules: [good, rule("M.Bad", afterCounting("for (;;);"))] });
    expect(ran.printed.split("\n")).toHaveLength(2 * 39);
    expect(ran.printed).toBe(threw.printed);
    expect(ran.outcome).toEqual(threw.outcome);
  });
});

test("an alerts file beside a state in memory has each line once, after what was there before", async () => {
  const good = rule("A.Good", counts, "title: (event) => event.eventName,");
  write("run.alerts.jsonl", "before\n");
  const rules = [good, rule("M.Bad", afterCounting("for (;;);"))];
  const { alerts } = await run({ rules, input: events(30), inMemory: true });
  const ids = alerts
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => (JSON.parse(line) as { id: string; status: string }).id + line.includes('"open"'));
  expect(alerts.startsWith("before\n")).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
});

describe("standard input", () => {
  test("is read again from the last commit on", async () => {
    const good = rule("A.Good", counts, "title: (event) => event.eventName,");
    const bad = rule("M.Bad", afterCounting("for (;;);"));
    const lines = events(20)
      .split(/(?<=\n)/)
      .map((line) => Buffer.from(line));
    const ran = await run({ rules: [good, bad], input: Readable.from(lines, { objectMode: false }) });
    expect(ran.counters).toMatchObject({ events: 40, alerts: 39, ruleErrors: 1 });
    const { items } = await remembered(ran.stateFile);
    expect(items.map(({ key, count }) => [key, count])).toEqual([
      ["bad rule", 39],
      ["counts", 40],
    ]);
  });

  test("that is more than is kept ends the run with a clear error", async () => {
    const bad = rule("M.Bad", afterCounting("for (;;);"));
    const input = Readable.from([Buffer.from(events(0))], { objectMode: false });
    const limits = { stdinKeptBytesMax: 100 };
    await expect(run({ rules: [bad], input, limits })).rejects.toMatchObject({
      code: "LANE_FAILED",
      message: expect.stringMatching(/stdinKeptBytesMax/),
    });
  });
});

describe("a rule that exceeds its budget again and again", () => {
  const loops = "for (;;);";

  test("is suspended, visibly, and asked again once its file has changed", async () => {
    const good = rule("A.Good", counts);
    const bad = rule("M.Bad", afterCounting(loops));
    const first = await run({ rules: [good, bad], input: events(5, 10, 15, 25, 35) });
    expect(first.counters).toMatchObject({ events: 40, ruleErrors: 3, alerts: 39 });
    expect(first.outcome).toMatchObject({ result: { suspended: ["M.Bad"] } });
    expect(first.warnings.at(-1)).toMatch(/M\.Bad is suspended/);
    expect((await remembered(first.stateFile)).suspended).toEqual(["M.Bad"]);

    const more = events(1).replaceAll("T00:", "T02:");
    const second = await run({ rules: [good, bad], input: events(5, 10, 15, 25, 35) + more });
    expect(second.counters).toMatchObject({ events: 40, ruleErrors: 0 });
    expect(second.warnings).toEqual([expect.stringMatching(/M\.Bad is suspended/)]);

    rule("M.Bad", ending("throw new Error();"));
    const third = await run({ rules: [good, bad], input: events(5, 10, 15, 25, 35) + more + more });
    expect(third.counters).toMatchObject({ events: 40, ruleErrors: 1 });
    expect(third.warnings).toEqual([expect.stringMatching(/M\.Bad has changed/)]);
    expect(third.outcome).toMatchObject({ result: { suspended: [] } });
  });

  test("is not when the times lie far apart on the engine clock", async () => {
    const bad = rule("M.Bad", afterCounting(loops));
    const ran = await run({ rules: [bad], input: events(1, 20, 39), limits: { suspendWindowMs: 200_000 } });
    expect(ran.counters).toMatchObject({ events: 40, ruleErrors: 3 });
    expect(ran.outcome).toMatchObject({ result: { suspended: [] } });
  });
});

describe("a file", () => {
  test.each([
    ["that loops while it is loaded", "for (;;);", /has not finished loading after 0\.2 s/],
    ["that ends the process while it is loaded", "process.exit(0);", /ended the lane while it was loaded/],
  ])("%s is a problem that names it", async (_, code, message) => {
    const file = rule("A.Bad", "return false;");
    write("A.Bad.ts", `${code}\n${readFileSync(file, "utf8")}`);
    const { outcome } = await run({ rules: [rule("B.Good", counts), file], input: events() });
    expect(outcome).toMatchObject({
      kind: "invalid",
      problems: [{ file, message: expect.stringMatching(message) }],
    });
  });
});
