import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { beforeEach, describe, expect, test } from "vitest";

import { openState } from "../../src/config/open-state.ts";
import { cli, tempFolder, type CliResult } from "./fixtures.ts";
import { keptHistory } from "./state-fixtures.ts";

let file = "";
beforeEach(() => {
  file = keptHistory(join(tempFolder(), "state.db"));
});

function compact(...args: readonly string[]): Promise<CliResult> {
  return cli(["state", "compact", file, ...args]);
}

interface Listed {
  readonly id: string;
  readonly status: string;
  readonly windowEnd: string;
}

async function alerts(): Promise<readonly Listed[]> {
  const { stdout } = await cli(["alerts", "list", "--json", "--limit", "1000", "--state", file]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Listed);
}

function entriesOf(kind: string): number {
  const db = new DatabaseSync(file);
  const row = db.prepare("SELECT count(*) AS n FROM entries WHERE kind = ?").get(kind);
  db.close();
  return Number(row?.["n"]);
}

describe("state compact", () => {
  test("folds, keeps everything that can be looked at, and says how large the file was and is", async () => {
    const items = await cli(["state", "export", "--state", file]);
    const before = await alerts();
    const { status, stdout, stderr } = await compact();
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    expect(stderr).toMatch(/^Compacted \S+state\.db from \d+\.\d kB to \d+\.\d kB\.\n$/);
    expect((await cli(["state", "export", "--state", file])).stdout).toBe(items.stdout);
    expect(await alerts()).toEqual(before);
    expect(await cli(["state", "check", file])).toMatchObject({ status: 0 });
  });

  test("says so as JSON", async () => {
    const bytesBefore = statSync(file).size;
    const report = JSON.parse((await compact("--json")).stdout) as unknown;
    expect(report).toEqual({
      file,
      bytesBefore: expect.any(Number),
      bytesAfter: statSync(file).size,
      journalRowsFolded: 2,
      alertsRemoved: 0,
    });
    expect((report as { bytesBefore: number }).bytesBefore).toBeGreaterThanOrEqual(bytesBefore);
  });

  test("removes closed alerts whose window ended so long ago by the engine clock, and leaves deliveries", async () => {
    const waiting = entriesOf("outbox");
    const before = await alerts();
    const limit = new Date(Date.parse("2026-01-01T01:38:20Z") - 30 * 60_000).toISOString();
    const kept = before.filter(({ status, windowEnd }) => status === "open" || windowEnd >= limit);
    const { stderr } = await compact("--alerts-older-than", "30m");
    expect(stderr).toContain(`removed ${before.length - kept.length} closed alerts`);
    expect(before.length - kept.length).toBeGreaterThan(3);
    expect(await alerts()).toEqual(kept);
    for (const { id } of kept)
      expect(await cli(["alerts", "show", id, "--state", file])).toMatchObject({ status: 0 });
    expect(entriesOf("alert-id")).toBe(kept.length);
    expect(entriesOf("outbox")).toBe(waiting);
    expect(await cli(["state", "check", file])).toMatchObject({ status: 0 });
  });

  test("never removes an open alert", async () => {
    const open = (await alerts()).filter(({ status }) => status === "open");
    await compact("--alerts-older-than", "0s");
    expect(await alerts()).toEqual(expect.arrayContaining([...open]));
    expect((await alerts()).filter(({ status }) => status === "open")).toEqual(open);
  });

  test("removes more alerts than one commit takes", async () => {
    const db = new DatabaseSync(file);
    db.exec(
      `WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
       INSERT INTO entries SELECT 'alert', printf('%016d-%d', 0, i), json_object('id', 'i' || i, 'windowEndMs', 0,
         'final', json_object('eventsKept', 0)) FROM n`,
    );
    db.close();
    const { stdout } = await compact("--alerts-older-than", "52w", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ alertsRemoved: 6000 });
    expect(await cli(["state", "check", file])).toMatchObject({ status: 0 });
  });

  test("is refused while a run has the file", async () => {
    const lane = openState(file);
    const { status, stderr } = await compact();
    await lane.close();
    expect(status).toBe(1);
    expect(stderr).toContain("in use by another run");
  });

  test.each([["90"], ["soon"], ["-1d"], [""]])("refuses --alerts-older-than %j", async (age) => {
    expect(await compact("--alerts-older-than", age)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("90d"),
    });
  });

  test("refuses a state in memory and a file that is not there, and makes none", async () => {
    expect(await cli(["state", "compact", ":memory:"])).toMatchObject({ status: 2 });
    const missing = join(tempFolder(), "none.db");
    expect(await cli(["state", "compact", missing])).toMatchObject({ status: 1 });
    expect(existsSync(missing)).toBe(false);
  });
});
