import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { runExamples } from "./fixtures.ts";

const folder = "examples/events";
const names = readdirSync(folder).sort();

interface SampleEvent {
  readonly eventTime: string;
  readonly eventID: string;
  readonly sourceIPAddress: string;
  readonly recipientAccountId: string;
}

function eventsOf(name: string): readonly SampleEvent[] {
  const text = readFileSync(join(folder, name), "utf8");
  if (name.endsWith(".json")) return (JSON.parse(text) as { Records: SampleEvent[] }).Records;
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as SampleEvent);
}

const events = names.flatMap(eventsOf);

describe("the sample events", () => {
  test("are what the generator writes", () => {
    const made = mkdtempSync(join(tmpdir(), "stakeout-generate-"));
    onTestFinished(() => rmSync(made, { recursive: true, force: true }));
    execFileSync(process.execPath, ["examples/generate.ts", made]);
    expect(readdirSync(made).sort()).toEqual(names);
    for (const name of names) {
      const same = readFileSync(join(made, name)).equals(readFileSync(join(folder, name)));
      expect({ name, same }).toEqual({ name, same: true });
    }
  });

  test("come in both forms, below 2 MB together", () => {
    expect(names.some((name) => name.endsWith(".ndjson"))).toBe(true);
    expect(names.some((name) => name.endsWith(".json"))).toBe(true);
    const bytes = names.reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
    expect(bytes).toBeLessThan(2_000_000);
  });

  test("are in order over all files, each with an id of its own", () => {
    expect(events.length).toBeGreaterThan(1900);
    const times = events.map(({ eventTime }) => eventTime);
    expect(times).toEqual([...times].sort());
    expect(new Set(events.map(({ eventID }) => eventID)).size).toBe(events.length);
  });

  test("use only addresses that are kept for documentation, and the example account", () => {
    const allowed = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$|\.amazonaws\.com$/;
    expect(events.filter(({ sourceIPAddress }) => !allowed.test(sourceIPAddress))).toEqual([]);
    expect(new Set(events.map(({ recipientAccountId }) => recipientAccountId))).toEqual(
      new Set(["123456789012"]),
    );
  });
});

test("the two rules find in them what the README says", async () => {
  const run = await runExamples([folder]);
  expect(run.raised).toEqual([
    "arn:aws:iam::123456789012:user/contractor was denied 10 times within 1h",
    "arn:aws:iam::123456789012:role/deploy was assumed from the new address 203.0.113.77",
    "arn:aws:sts::123456789012:assumed-role/deploy/build-1043 was denied 10 times within 1h",
    "arn:aws:iam::123456789012:role/audit-read was assumed from the new address 192.0.2.143",
  ]);
  expect(run.events).toBe(events.length);
  expect(run.matches).toEqual({
    "AWS.CloudTrail.AccessDeniedBurst": 3,
    "AWS.CloudTrail.AssumedRoleFromNewAddress": 2,
  });
  expect(run.ruleErrors).toBe(0);
  expect(run.deadLetters).toBe(0);
});

test("the examples folder has no package.json: rules need none", () => {
  expect(existsSync("examples/package.json")).toBe(false);
});
