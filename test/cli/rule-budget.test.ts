import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, test } from "vitest";

import { openState } from "../../src/config/open-state.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { SuspensionBook } from "../../src/engine/suspensions.ts";
import { loadedRule } from "../rules/fixtures.ts";
import { cli, tempFolder } from "./fixtures.ts";

const bin = join(import.meta.dirname, "../../bin/stakeout");

let folder: string;
beforeEach(() => void (folder = tempFolder()));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function rule(body: string, fields = ""): string {
  return write(
    "rule.ts",
    `import { defineRule, incrementCounter } from "stakeout";
export default defineRule({ id: "Test.Rule", logTypes: ["AWS.CloudTrail"], severity: "low", dedupPeriod: "1s", ${fields}
  async rule(event) { await incrementCounter("n"); ${body} return true; }, title: (event) => event.eventName });`,
  );
}

const events: string = Array.from({ length: 50 }, (_, number) => {
  const eventTime = new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString();
  return `${JSON.stringify({ eventTime, eventSource: "s3.amazonaws.com", eventName: `Call${number}` })}\n`;
}).join("");

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Runs `stakeout run`, or kills it as soon as it has printed this on standard error. */
async function run(name: string, killAt?: string, args: readonly string[] = []): Promise<Ended> {
  const at = (file: string): string => join(folder, file);
  const files = ["--rules", at("rule.ts"), "--input", at("events.ndjson"), "--state", at(`${name}.db`)];
  const budget = ["--rule-budget", "200ms", "--alerts", at(`${name}.alerts.jsonl`), "--json"];
  const child = spawn(bin, ["run", ...files, ...budget, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (killAt !== undefined && stderr.includes(killAt)) child.kill("SIGKILL");
  });
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, stderr };
}

function outputOf(name: string): string {
  const file = join(folder, `${name}.alerts.jsonl`);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

describe("stakeout run --rule-budget", () => {
  test("ends a rule that takes longer, and says so in the summary", async () => {
    rule(`if (event.eventName === "Call30") for (;;);`);
    write("events.ndjson", events);
    const { code, stderr } = await run("whole");
    expect(code).toBe(0);
    expect(stderr).toMatch(/Test\.Rule took longer than its budget of 0\.2 s/);
    const summary = JSON.parse(stderr.trimEnd().split("\n").at(-1) ?? "") as object;
    expect(summary).toMatchObject({ events: 50, alerts: 49, ruleErrors: 1, suspended: [] });
  });

  test("is not what a rule with a budget of its own has", async () => {
    rule(`if (event.eventName === "Call30") for (;;);`, `budget: "500ms",`);
    write("events.ndjson", events);
    const { stderr } = await run("own");
    expect(stderr).toMatch(/Test\.Rule took longer than its budget of 0\.5 s/);
    // It is known at once which rule that was.
    expect(stderr).not.toMatch(/asks the rules about that event/);
    const summary = JSON.parse(stderr.trimEnd().split("\n").at(-1) ?? "") as object;
    expect(summary).toMatchObject({ events: 50, alerts: 49, ruleErrors: 1 });
  });

  test("comes to the same when the whole process is killed in between", async () => {
    rule(`if (event.eventName === "Call30") for (;;);`);
    write("events.ndjson", events);
    await run("whole");
    // Before the rule is known, and between then and the commit of what was made of it.
    for (const killAt of ["asks the rules about that event", "without asking it"]) {
      expect((await run("killed", killAt)).signal).toBe("SIGKILL");
    }
    expect((await run("killed")).code).toBe(0);
    expect(outputOf("killed")).toBe(outputOf("whole"));
    const [whole, killed] = await Promise.all(
      ["whole", "killed"].map((name) => cli(["state", "export", "--state", join(folder, `${name}.db`)])),
    );
    expect(killed?.stdout).toBe(whole?.stdout);
  });

  test("ends the process when a rule waits for the operating system and cannot be ended", async () => {
    const pipe = join(folder, "pipe");
    await once(spawn("mkfifo", [pipe]), "close");
    rule(
      `if (event.eventName === "Call30") (await import("node:fs")).readFileSync(${JSON.stringify(pipe)});`,
    );
    write("events.ndjson", events);
    const { signal, stderr } = await run("stuck");
    expect(signal).toBe("SIGKILL");
    expect(stderr).toMatch(
      /The lane cannot be ended: the rules that look at the event at .*events\.ndjson offset/,
    );
  });

  test.each(["0", "soon", "2h"])("does not take %s", async (budget) => {
    const { status, stderr } = await cli(["run", "--rule-budget", budget]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/duration from 1ms to 1h/);
  });
});

describe("suspended rules", () => {
  let state: string;
  beforeEach(async () => {
    state = join(folder, "s.db");
    const file = rule("");
    const store = openState(state);
    const suspended = loadedRule({}, { id: "Test.Rule", file });
    const book = new SuspensionBook({ store, limits: defaultLimits, rules: [suspended] });
    for (const atMs of [1000, 2000, 3000]) book.record(suspended, atMs, "looped");
    await store.commit({ clockMs: 3000, positions: [], entries: book.takeWrites() });
    await store.close();
  });

  test("are listed with the reason", async () => {
    const { status, stdout } = await cli(["rules", "suspended", "--state", state]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Test\.Rule\s+1970-01-01T00:00:03.000Z\s+looped/);
  });

  test("are listed as JSON Lines", async () => {
    const { stdout } = await cli(["rules", "suspended", "--state", state, "--json"]);
    expect(JSON.parse(stdout)).toEqual({
      ruleId: "Test.Rule",
      since: "1970-01-01T00:00:03.000Z",
      reason: "looped",
    });
  });

  test("are asked again after a person resumed them", async () => {
    expect((await cli(["rules", "resume", "Test.Rule", "--state", state])).status).toBe(0);
    const { stdout, stderr } = await cli(["rules", "suspended", "--state", state]);
    expect([stdout, stderr]).toEqual(["", "No rule is suspended.\n"]);
  });

  test("are named in the summary of a run, which does not ask them", async () => {
    write("events.ndjson", events);
    const { stderr } = await run("s");
    expect(stderr).toMatch(/warning: Rule Test\.Rule is suspended: again and again it looped/);
    expect(JSON.parse(stderr.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      alerts: 0,
      suspended: ["Test.Rule"],
    });
  });

  test("cannot be resumed when they are none, or there is no state", async () => {
    const unknown = await cli(["rules", "resume", "Test.Other", "--state", state]);
    expect([unknown.status, unknown.stderr]).toEqual([
      1,
      expect.stringMatching(/no suspended rule Test\.Other/),
    ]);
    expect((await cli(["rules", "resume", "Test.Rule", "--state", join(folder, "none.db")])).status).toBe(1);
  });
});
