import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { beforeEach, describe, expect, test } from "vitest";

import { hourlyKinds } from "../../src/alerts/hourly-counts.ts";
import { checkedKinds } from "../../src/cli/state-check-entries.ts";
import { openState } from "../../src/config/open-state.ts";
import { cli, tempFolder, type CliResult } from "./fixtures.ts";
import { keptHistory } from "./state-fixtures.ts";

let file = "";
beforeEach(() => {
  file = keptHistory(join(tempFolder(), "state.db"));
});

function check(...args: readonly string[]): Promise<CliResult> {
  return cli(["state", "check", file, ...args]);
}

function change(sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

describe("state check", () => {
  test("says what it found no problems in", async () => {
    const { status, stdout, stderr } = await check();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(
      /^\S+state\.db: no problems in \d+ folded keys, 2 journal rows, \d+ entries, 1 position \(\d+\.\d kB, format \d+, engine clock 2026-01-01T01:38:20\.000Z\)\.\n$/,
    );
  });

  test("takes ./stakeout.db where no file is named", async () => {
    const { stdout } = await cli(["state", "check", "--help"]);
    expect(stdout).toContain('(default: "./stakeout.db")');
  });

  test("works while a run has the file", async () => {
    const lane = openState(file);
    expect((await check()).status).toBe(0);
    await lane.close();
  });

  test("says as JSON what it found", async () => {
    const { stdout } = await check("--json");
    expect(JSON.parse(stdout)).toEqual({
      file,
      ok: true,
      problems: [],
      more: false,
      format: 2,
      engineClock: "2026-01-01T01:38:20.000Z",
      items: expect.any(Number),
      journalRows: 2,
      entries: expect.any(Number),
      positions: 1,
      bytes: readFileSync(file).length,
    });
  });

  test("names each problem on a line of its own, with status 1", async () => {
    change("DELETE FROM journal; UPDATE positions SET value = '{}'");
    const { status, stdout, stderr } = await check();
    expect(status).toBe(1);
    expect(stdout.split("\n")).toEqual([
      "the journal: ends with row 1, and the last one written was 3",
      expect.stringMatching(/^position of files in ".*events\.ndjson": .*has no usable "offset"/),
      "",
    ]);
    expect(stderr).toContain("2 problems in");
    expect(stderr).toContain("state backup");
    const report = JSON.parse((await check("--json")).stdout) as { ok: boolean; problems: unknown[] };
    expect({ ok: report.ok, problems: report.problems.length }).toEqual({ ok: false, problems: 2 });
  });

  test("shows control characters of keys as escapes", async () => {
    change("UPDATE entries SET value = '{}', key = key || char(27) || '[31m' WHERE kind = 'output-file'");
    const { stdout } = await check();
    expect(stdout).toContain("\\x1b[31m");
    expect(stdout).not.toContain("\u001b");
  });

  test.each([
    ["cut short", () => truncateSync(file, 5000)],
    ["no database at all", () => writeFileSync(file, "x".repeat(5000))],
  ])("reports a file that is %s as damaged, in JSON too", async (_, damage) => {
    damage();
    const { status, stdout } = await check();
    expect(status).toBe(1);
    expect(stdout).toMatch(/^the file: cannot be opened: /);
    expect(JSON.parse((await check("--json")).stdout)).toMatchObject({ ok: false, format: 0 });
  });

  test("refuses a state in memory and a file that is not there, and makes none", async () => {
    expect(await cli(["state", "check", ":memory:"])).toMatchObject({ status: 2 });
    const missing = join(tempFolder(), "none.db");
    expect(await cli(["state", "check", missing])).toMatchObject({ status: 1, stdout: "" });
    expect(existsSync(missing)).toBe(false);
  });

  test("knows every kind of entry that a run writes", () => {
    const db = new DatabaseSync(file);
    const kinds = db.prepare("SELECT DISTINCT kind FROM entries ORDER BY kind").all();
    db.close();
    // The kept file is older than the kinds that count what rules do in an hour.
    const written = [...kinds.map(({ kind }) => kind), ...Object.values(hourlyKinds)];
    expect(new Set(written)).toEqual(new Set(checkedKinds));
  });
});

/** A change to one entry of a kind, by the name of a field. */
function setField(kind: string, field: string, json: string): string {
  return `UPDATE entries SET value = json_set(value, '$.${field}', json('${json}')) WHERE rowid = (${anyOf(kind)})`;
}

function remove(kind: string, condition?: string): string {
  return `DELETE FROM entries WHERE rowid = (${anyOf(kind, condition)})`;
}

function anyOf(kind: string, condition = "1"): string {
  return `SELECT rowid FROM entries WHERE kind = '${kind}' AND ${condition} LIMIT 1`;
}

const closed = "json_extract(value, '$.final') IS NOT NULL";
const open = "json_extract(value, '$.final') IS NULL";
const noWindows = "DELETE FROM entries WHERE kind = 'window'";
const noFirstEvents = "DELETE FROM entries WHERE kind = 'alert-event' AND key LIKE '%-000000'";
const oldClock = "UPDATE meta SET value = 1767225600000 WHERE name = 'clock_ms'";

describe("state check of entries", () => {
  test.each([
    ["a window without a count", setField("window", "matchCount", "null"), /^entry window .*"matchCount"/],
    [
      "a window with a key of another time",
      setField("window", "startMs", "7"),
      /^entry window .*: starts at another time/,
    ],
    ["a window from the future", oldClock, /^entry window .*: starts after the engine clock/],
    [
      "a window that ends too early",
      setField("window", "endMs", "0"),
      /^entry window .*: ends before it starts/,
    ],
    [
      "a window whose alert is gone",
      remove("alert", open),
      /^entry window .*: has raised an alert, which is missing/,
    ],
    [
      "a window that did not raise its alert",
      setField("window", "raised", "false"),
      /^entry window .*: has an alert without having raised one/,
    ],
    [
      "a window without its distinct values",
      remove("window-unique"),
      /^entry window .*: does not fit its distinct values/,
    ],
    [
      "distinct values without a window",
      noWindows,
      /^entry window-unique .*: belongs to a window that is missing/,
    ],
    ["an open alert without a window", noWindows, /^entry alert .*: is open, and its window is missing/],
    [
      "a closed alert that lost an event",
      noFirstEvents,
      /^entry alert .*: keeps \d+ events, of which the one with the number 0/,
    ],
    [
      "a window that lost an event",
      noFirstEvents,
      /^entry window .*: keeps \d+ events, of which the one with the number 0/,
    ],
    ["an alert that cannot be found", remove("alert-id"), /^entry alert .*: cannot be found by its id/],
    ["an alert of an unknown severity", setField("alert", "severity", '"dire"'), /^entry alert .*"severity"/],
    [
      "an alert from the future",
      setField("alert", "createdMs", "9e15"),
      /^entry alert .*: was raised after the engine clock/,
    ],
    [
      "an id without an alert",
      remove("alert", closed),
      /^entry alert-id .*: stands for an alert that is missing/,
    ],
    [
      "an event without an alert",
      remove("alert", closed),
      /^entry alert-event .*: belongs to no window and to no alert/,
    ],
    [
      "a delivery without an alert",
      setField("outbox", "alert", "null"),
      /^entry outbox .*: is not what its kind should be/,
    ],
    [
      "a delivery out of place",
      `UPDATE entries SET key = 'x' WHERE rowid = (${anyOf("outbox")})`,
      /^entry outbox x: has a key that is no place/,
    ],
    ["a file of negative length", setField("output-file", "bytes", "-1"), /^entry output-file .*"bytes"/],
    ["a file of half a byte", setField("output-file", "bytes", "1.5"), /^entry output-file .*"bytes"/],
    ["a rule error without its count", remove("rule-error-latest"), /^entry rule-error .*: has no count/],
    [
      "a count without its rule error",
      remove("rule-error"),
      /^entry rule-error-latest .*: counts errors of which the first/,
    ],
    [
      "a suspension of nothing",
      setField("rule-suspension", "ruleId", "7"),
      /^entry rule-suspension .*"ruleId"/,
    ],
  ])("names %s", async (_, sql, problem) => {
    change(sql);
    const { status, stdout } = await check();
    expect(status).toBe(1);
    expect(stdout.split("\n")).toContainEqual(expect.stringMatching(problem));
  });

  test("leaves alone what other versions may add: fields and kinds", async () => {
    change(setField("window", "more", "1"));
    change("INSERT INTO entries VALUES ('another-kind', 'k', '{}')");
    expect((await check()).status).toBe(0);
  });
});
