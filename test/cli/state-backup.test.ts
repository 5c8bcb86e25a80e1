import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";

import { describe, expect, test } from "vitest";

import { openState } from "../../src/config/open-state.ts";
import type { Alert } from "../../src/core/alert.ts";
import { cli, tempFolder } from "./fixtures.ts";
import { keptHistory } from "./state-fixtures.ts";

const bin = join(import.meta.dirname, "../../bin/stakeout");

describe("state backup", () => {
  test("copies a state file and says how large the copy is", async () => {
    const file = keptHistory(join(tempFolder(), "state.db"));
    const target = join(tempFolder(), "copy.db");
    const { status, stdout, stderr } = await cli(["state", "backup", file, target]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    expect(stderr).toMatch(/^Copied the last commit of \S+ to \S+copy\.db \(\d+\.\d kB\)\.\n$/);
    const [exported, copied] = await Promise.all(
      [file, target].map((each) => cli(["state", "export", "--state", each])),
    );
    expect(copied?.stdout).toBe(exported?.stdout);
  });

  test("says so as JSON", async () => {
    const file = keptHistory(join(tempFolder(), "state.db"));
    const target = join(tempFolder(), "copy.db");
    const { stdout } = await cli(["state", "backup", file, target, "--json"]);
    expect(JSON.parse(stdout)).toEqual({ file, target, bytes: statSync(target).size });
  });

  test("shows on a terminal how far it is, and nothing of that elsewhere", async () => {
    const file = keptHistory(join(tempFolder(), "state.db"));
    const store = openState(file);
    for (let index = 0; index < 15; index++) {
      await store.putItem({
        key: `large ${index}`,
        count: undefined,
        strings: undefined,
        dictionary: { filling: "x".repeat(1_000_000) },
        expiresAtMs: 9e12,
      });
    }
    await store.commit({ clockMs: store.clockMs, positions: [], entries: [] });
    await store.close();
    const target = join(tempFolder(), "copy.db");
    const { stderr } = await cli(["state", "backup", file, target], { terminal: true });
    expect(stderr).toContain("\r\u001B[KCopying: ");
    expect(stderr).toContain("\r\u001B[KCopied the last commit");
    const elsewhere = await cli(["state", "backup", file, target, "--force"]);
    expect(elsewhere.stderr).not.toContain("Copying");
  });

  test("replaces a file only with --force", async () => {
    const file = keptHistory(join(tempFolder(), "state.db"));
    const target = join(tempFolder(), "copy.db");
    writeFileSync(target, "dear");
    expect(await cli(["state", "backup", file, target])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("--force"),
    });
    expect(readFileSync(target, "utf8")).toBe("dear");
    expect(await cli(["state", "backup", file, target, "--force"])).toMatchObject({ status: 0 });
    expect(await cli(["state", "check", target])).toMatchObject({ status: 0 });
  });

  test("needs a file and a target, and refuses a state in memory and a missing file", async () => {
    const target = join(tempFolder(), "copy.db");
    expect(await cli(["state", "backup", "state.db"])).toMatchObject({ status: 2 });
    expect(await cli(["state", "backup", ":memory:", target])).toMatchObject({ status: 2 });
    expect(await cli(["state", "backup", `${target}.none`, target])).toMatchObject({ status: 1 });
    expect(existsSync(target)).toBe(false);
  });
});

const perAlert = 10;

const rule = `import { defineRule, incrementCounter } from "stakeout";
export default defineRule({
  id: "Test.EveryTenth", logTypes: ["AWS.CloudTrail"], severity: "low",
  rule: async () => (await incrementCounter("events", 1, 0)) % ${perAlert} === 0,
  dedup: (event) => event.eventTime,
});
`;

/** Events of equal length, so that an offset in their stream tells how many were read. */
function line(number: number): string {
  const eventTime = new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString();
  return `${JSON.stringify({ eventTime, eventSource: "s3.amazonaws.com", eventName: "GetObject" })}\n`;
}

/** Writes events as fast as the other side takes them until told to stop. Answers how many there were. */
async function feed(input: Writable, isDone: () => boolean): Promise<number> {
  let number = 0;
  while (!isDone()) {
    let piece = "";
    for (const end = number + 500; number < end; number++) piece += line(number);
    if (!input.write(piece)) await once(input, "drain");
  }
  input.end();
  return number;
}

interface Found {
  /** As the rule counted them. */
  readonly events: number;
  readonly alerts: number;
  /** As the position says. */
  readonly eventsRead: number;
}

/** What a state holds of a run over those events; every figure comes from another part of the file. */
async function readState(file: string, stream: string): Promise<Found> {
  const store = openState(file, { readOnly: true });
  const [item] = await store.listItems({ prefix: "events", limit: 1, nowMs: store.clockMs });
  const position = await store.readPosition("stdin", stream);
  await store.close();
  const { stdout } = await cli(["alerts", "list", "--json", "--limit", "1000000", "--state", file]);
  return {
    events: item?.count ?? 0,
    alerts: stdout.split("\n").length - 1,
    // The end of the last line may not be read yet.
    eventsRead: Math.ceil(Number(position?.["offset"]) / line(0).length),
  };
}

test("a copy from a running process has state, alerts and positions of one commit, and a run goes on from it", async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, "rule.ts"), rule);
  const file = join(folder, "state.db");
  const run = spawn(bin, ["run", "--rules", join(folder, "rule.ts"), "--state", file, "--json"]);
  const ended = once(run, "close");
  let alerts = 0;
  let copies = 0;
  const printed = Promise.withResolvers<void>();
  createInterface({ input: run.stdout }).on("line", (text) => {
    if ((JSON.parse(text) as Alert).status === "open") alerts++;
    if (alerts === 100) printed.resolve();
  });
  const feeding = feed(run.stdin, () => copies === 3);
  await printed.promise;
  const found: Found[] = [];
  for (; copies < 3; copies++) {
    const target = join(folder, `copy-${copies}.db`);
    expect(await cli(["state", "backup", file, target])).toMatchObject({ status: 0 });
    expect(await cli(["state", "check", target])).toMatchObject({ status: 0 });
    const copied = await readState(target, "1");
    const { events } = copied;
    expect(events).toBeGreaterThanOrEqual(100 * perAlert);
    expect(copied).toEqual({ events, alerts: Math.floor(events / perAlert), eventsRead: events });
    found.push(copied);
  }
  const fed = await feeding;
  expect(await ended).toEqual([0, null]);
  expect(alerts).toBe(Math.floor(fed / perAlert));
  expect(await readState(file, "1")).toMatchObject({ events: fed, alerts });

  const copy = join(folder, "copy-1.db");
  const before = found[1]?.events ?? 0;
  const again = spawn(bin, ["run", "--rules", join(folder, "rule.ts"), "--state", copy, "--json"]);
  again.stdout.resume();
  again.stdin.end(Array.from({ length: 25 }, (_, number) => line(before + number)).join(""));
  expect(await once(again, "close")).toEqual([0, null]);
  const events = before + 25;
  expect(await readState(copy, "2")).toEqual({
    events,
    alerts: Math.floor(events / perAlert),
    eventsRead: 25,
  });
  expect(await cli(["state", "check", copy])).toMatchObject({ status: 0 });
});
