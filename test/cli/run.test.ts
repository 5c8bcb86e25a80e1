import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { RunSummary } from "../../src/cli/summary.ts";

const bin = join(import.meta.dirname, "../../bin/stakeout");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stakeout-run-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function rule(functions: string): string {
  return write(
    "rule.ts",
    `import { defineRule, incrementCounter } from "stakeout";
export default defineRule({ id: "Test.Rule", logTypes: ["AWS.CloudTrail"], severity: "low", ${functions} });`,
  );
}

function events(count: number): string {
  const event = (number: number): string =>
    JSON.stringify({
      eventTime: new Date(Date.UTC(2026, 0, 1, 0, 0, number)).toISOString(),
      eventSource: "s3.amazonaws.com",
      eventName: `Call${number}`,
    });
  return `${Array.from({ length: count }, (_, number) => event(number)).join("\n")}\n`;
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of standard error, where that is JSON. */
  readonly summary: Partial<RunSummary>;
}

/** Runs `stakeout run` with a state file in the test's folder. */
async function run(args: readonly string[], stdin = ""): Promise<Ended> {
  const child = spawn(bin, ["run", "--state", join(folder, "s.db"), ...args]);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.end(stdin);
  const [code] = (await once(child, "close")) as [number];
  const last = stderr.trimEnd().split("\n").at(-1) ?? "";
  return { code, stdout, stderr, summary: last.startsWith("{") ? (JSON.parse(last) as RunSummary) : {} };
}

const matchesAll = "rule: () => true, title: (event) => event.eventName";

describe("stakeout run", () => {
  test("prints alerts as JSON Lines when piped, and the summary last on standard error with --json", async () => {
    const input = write("events.ndjson", events(2));
    const { code, stdout, summary } = await run(["--rules", rule(matchesAll), "--input", input, "--json"]);
    expect(code).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).title),
    ).toEqual(["Call0", "Call1"]);
    expect(summary).toMatchObject({
      events: 2,
      bytes: events(2).length - 2,
      matches: { "Test.Rule": 2 },
      alerts: 2,
      ruleErrors: 0,
      deadLetters: 0,
      interrupted: false,
    });
  });

  test("writes alerts to a file instead, and prints none", async () => {
    const input = write("events.ndjson", events(1));
    const alerts = join(folder, "alerts.jsonl");
    const { stdout } = await run(["--rules", rule(matchesAll), "--input", input, "--alerts", alerts]);
    expect(stdout).toBe("");
    expect(JSON.parse(readFileSync(alerts, "utf8"))).toMatchObject({ ruleId: "Test.Rule", status: "open" });
  });

  test("reads standard input, each run as a stream of its own", async () => {
    const args = [
      "--rules",
      rule("rule: async () => (await incrementCounter('n')) === 4"),
      "--input",
      "-",
      "--json",
    ];
    expect((await run(args, events(2))).summary).toMatchObject({ events: 2, alerts: 0 });
    expect((await run(args, events(2))).summary).toMatchObject({ events: 2, alerts: 1 });
  });

  test("keeps dead letters beside the state without being asked", async () => {
    const input = write("events.ndjson", `${events(1)}{oops\n`);
    await run(["--rules", rule(matchesAll), "--input", input]);
    expect(JSON.parse(readFileSync(join(folder, "s.dead-letters.jsonl"), "utf8"))).toMatchObject({
      stream: input,
      offset: events(1).length,
      reason: "invalid-json",
    });
  });

  test("exits with 1 for rule errors only when --strict", async () => {
    const input = write("events.ndjson", events(1));
    const throws = rule("rule() { throw new TypeError('no'); }");
    expect((await run(["--rules", throws, "--input", input])).code).toBe(0);
    const again = ["--rules", throws, "--input", input, "--state", ":memory:"];
    expect((await run([...again, "--strict"])).code).toBe(1);
  });

  test.each([
    ["a rejection that is no error", "Promise.reject('text')"],
    ["a rejection in a module that it imports", "fails()"],
    ["a rejection", "Promise.reject(new RangeError('nobody waits'))"],
    ["an exception in a callback", "queueMicrotask(() => { throw new RangeError('nobody waits'); })"],
    ["a helper in a function that was not awaited", "later()"],
  ])("takes %s that a rule does not wait for as an error of that rule, and goes on", async (_, statement) => {
    const input = write("events.ndjson", events(3));
    write("shared.ts", "export async function fails() { await null; throw new RangeError('shared'); }");
    const file = write(
      "rule.ts",
      `import { defineRule, incrementCounter } from "stakeout";
import { fails } from "./shared.ts";
async function later() { await new Promise((resolve) => setImmediate(resolve)); await incrementCounter("late"); }
export default defineRule({ id: "Test.Strays", logTypes: ["AWS.CloudTrail"], severity: "low",
  async rule() { void ${statement}; await incrementCounter("n"); return false; } });`,
    );
    const { code, summary, stderr } = await run(["--rules", file, "--input", input, "--json"]);
    expect({ code, ...summary, stderr }).toMatchObject({ code: 0, events: 3, ruleErrors: 3 });
  });

  test("shows what rules print on standard error, never among the alerts", async () => {
    const input = write("events.ndjson", events(1));
    const { stdout, stderr } = await run([
      "--rules",
      rule("rule() { console.log('hello from the rule'); return false; }"),
      "--input",
      input,
    ]);
    expect(stdout).toBe("");
    expect(stderr).toContain("hello from the rule");
  });

  test("refuses an input that is not there, and makes no state file for it", async () => {
    const { code, stderr } = await run(["--rules", rule(matchesAll), "--input", join(folder, "nope")]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `stakeout: there is no file or folder ${join(folder, "nope")}\n`,
    });
    expect(existsSync(join(folder, "s.db"))).toBe(false);
  });

  test("reports every problem in rules at once, with status 2", async () => {
    const file = write(
      "rule.ts",
      `import { defineRule } from "stakeout";\nexport default defineRule({\n  severity: "hihg",\n});\n`,
    );
    const { code, stderr } = await run(["--rules", file, "--input", write("e.ndjson", events(1))]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/rule\.ts:\d+: .*id is missing/);
    expect(stderr).toMatch(/rule\.ts:3: .*unknown severity "hihg"/);
  });

  test("ends quietly when nobody reads its output any more", async () => {
    const input = write("events.ndjson", events(5000));
    const child = spawn(bin, [
      "run",
      "--rules",
      rule(matchesAll),
      "--input",
      input,
      "--state",
      ":memory:",
      "--quiet",
    ]);
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdout.once("data", () => child.stdout.destroy());
    expect({ exit: await once(child, "close"), stderr }).toEqual({ exit: [0, null], stderr: "" });
  });
});
