import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

const bin = join(import.meta.dirname, "../../bin/stakeout");
const eventCount = 60_000;
const brokenCount = 12;
/** The rule prints at every so many events, which tells this test how far the run has come. */
const eventsPerTick = 1000;

let folder: string;

function event(number: number): string {
  const seconds = number * 2;
  return JSON.stringify({
    eventVersion: "1.08",
    eventTime: new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString(),
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    userIdentity: { arn: `arn:aws:iam::123456789012:user/${number % 97}` },
    number,
  });
}

const rule = `import { addToStringSet, defineRule, incrementCounter, resetCounter, setKeyExpiration } from "stakeout";
export default defineRule({
  id: "Test.EveryTenth", logTypes: ["AWS.CloudTrail"], severity: "low", dedupPeriod: "10m",
  async rule(event) {
    if (event.number % ${eventsPerTick} === 0) console.log("tick");
    const arn = event.userIdentity.arn;
    const count = await incrementCounter(arn);
    if (count === 1) await setKeyExpiration(arn, { in: "3h" });
    await addToStringSet("numbers-" + (event.number % 13), String(event.number % 101));
    if (count < 10) return false;
    await resetCounter(arn);
    return true;
  },
  title: (event) => event.userIdentity.arn,
});`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stakeout-interrupt-"));
  writeFileSync(join(folder, "rule.ts"), rule);
  const lines = Array.from({ length: eventCount }, (_, number) =>
    number % 5000 === 77 ? "{broken" : event(number),
  );
  writeFileSync(join(folder, "events.ndjson"), `${lines.join("\n")}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(name: string): ChildProcess {
  const at = (file: string): string => join(folder, file);
  const args = ["run", "--rules", at("rule.ts"), "--input", at("events.ndjson"), "--json"];
  args.push("--state", at(`${name}.db`), "--alerts", at(`${name}.alerts.jsonl`));
  return spawn(bin, args, { stdio: ["ignore", "pipe", "pipe"] });
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Last line of standard error. */
  readonly summary: string;
}

/** Runs to the end, or until it has printed so many ticks and gets the signal. */
async function run(
  name: string,
  until?: { readonly ticks: number; readonly signal: NodeJS.Signals },
): Promise<Ended> {
  const child = start(name);
  let stderr = "";
  let sent = false;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (until === undefined || sent || stderr.split("tick").length <= until.ticks) return;
    sent = true;
    child.kill(until.signal);
  });
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, summary: stderr.trimEnd().split("\n").at(-1) ?? "" };
}

function outputOf(name: string): { readonly alerts: string; readonly deadLetters: string } {
  const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
  return {
    alerts: read(join(folder, `${name}.alerts.jsonl`)),
    deadLetters: read(join(folder, `${name}.dead-letters.jsonl`)),
  };
}

async function stateOf(name: string): Promise<string> {
  const child = spawn(bin, ["state", "export", "--state", join(folder, `${name}.db`)]);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await once(child, "close");
  return text;
}

describe("a run that is interrupted and started again", () => {
  let whole: Ended;
  beforeAll(async () => {
    whole = await run("whole");
  });

  test("is compared with one that has alerts and dead letters", () => {
    expect({ code: whole.code, ...JSON.parse(whole.summary) }).toMatchObject({
      code: 0,
      events: eventCount - brokenCount,
      deadLetters: brokenCount,
    });
    expect(outputOf("whole").alerts.split("\n").length).toBeGreaterThan(1000);
  });

  test("by SIGKILL, again and again, gives the same files and the same state", async () => {
    let kills = 0;
    for (let attempt = 0; attempt < 12; attempt++) {
      const { signal } = await run("killed", { ticks: 1 + (attempt % 4), signal: "SIGKILL" });
      if (signal === "SIGKILL") kills += 1;
    }
    // A quick machine may reach the end before the last kills.
    expect(kills).toBeGreaterThanOrEqual(6);
    expect((await run("killed")).code).toBe(0);
    expect(outputOf("killed")).toEqual(outputOf("whole"));
    expect(await stateOf("killed")).toBe(await stateOf("whole"));
  });

  test("by SIGINT commits, stops with status 0, and goes on from there", async () => {
    const first = await run("stopped", { ticks: 3, signal: "SIGINT" });
    const stopped = JSON.parse(first.summary) as { events: number };
    expect({ code: first.code, ...stopped }).toMatchObject({ code: 0, interrupted: true });
    const second = await run("stopped");
    const rest = JSON.parse(second.summary) as { events: number };
    expect(stopped.events + rest.events).toBe(eventCount - brokenCount);
    expect(outputOf("stopped")).toEqual(outputOf("whole"));
    expect(await stateOf("stopped")).toBe(await stateOf("whole"));
  });

  test("reads nothing when everything has been read", async () => {
    expect(JSON.parse((await run("whole")).summary)).toMatchObject({ events: 0, deadLetters: 0, alerts: 0 });
  });
});

test("a second SIGINT ends a run at once, also while a rule does not return", async () => {
  const file = join(folder, "hangs.ts");
  writeFileSync(
    file,
    `import { writeSync } from "node:fs";
import { defineRule } from "stakeout";
export default defineRule({
  id: "Test.Hangs", logTypes: ["AWS.CloudTrail"], severity: "low",
  rule() { writeSync(2, "hanging"); for (;;); },
});`,
  );
  const input = join(folder, "events.ndjson");
  const child = spawn(bin, ["run", "--rules", file, "--input", input, "--state", ":memory:", "--json"]);
  let stderr = "";
  let signals = 0;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    const due = stderr.includes("stopping") ? 2 : Number(stderr.includes("hanging"));
    for (; signals < due; signals++) child.kill("SIGINT");
  });
  expect(await once(child, "close")).toEqual([130, null]);
});
