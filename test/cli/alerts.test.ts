import { join } from "node:path";

import { beforeEach, describe, expect, test } from "vitest";

import { createAlertBook } from "../../src/alerts/book.ts";
import { openState } from "../../src/config/open-state.ts";
import type { Alert } from "../../src/core/alert.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { match, startMs, type MatchOverrides } from "../alerts/fixtures.ts";
import { cli, tempFolder, type CliOptions, type CliResult } from "./fixtures.ts";

const hour = 3_600_000;

let file = "";
beforeEach(() => {
  file = join(tempFolder(), "state.db");
});

/** Leaves a state file as a run over these matches would, with the engine clock at its end. */
async function runOver(matches: readonly MatchOverrides[], clockMs: number = startMs): Promise<void> {
  const store = openState(file);
  const book = createAlertBook({ store, limits: defaultLimits });
  await book.load();
  for (const each of matches) await book.add(match(each));
  await book.closeDue(clockMs);
  await store.commit({ clockMs, positions: [], entries: book.takeWrites() });
  await store.close();
}

function alerts(command: string, args: readonly string[] = [], options: CliOptions = {}): Promise<CliResult> {
  return cli(["alerts", command, ...args, "--state", file], options);
}

async function listed(...args: readonly string[]): Promise<readonly Alert[]> {
  const { stdout } = await alerts("list", ["--json", ...args]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Alert);
}

describe("alerts list", () => {
  test("shows one line for each, newest first", async () => {
    await runOver([
      { title: "first", dedup: "1" },
      { title: "second", dedup: "2", clockMs: startMs + 1000, severity: "high" },
    ]);
    const { status, stdout } = await alerts("list");
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^ID +STATUS +SEVERITY +MATCHES +LAST EVENT +RULE +TITLE$/);
    expect(lines[1]).toMatch(/^[0-9a-f]{12} +open +high +1 .* second$/);
    expect(lines[2]).toMatch(/ first$/);
    expect(lines).toHaveLength(3);
  });

  test("shows the counts so far of open ones, and the final ones of those closed", async () => {
    await runOver(
      [{ dedup: "1" }, { dedup: "1" }, { dedup: "2", clockMs: startMs + hour - 1 }],
      startMs + hour,
    );
    const found = await listed();
    expect(found.map(({ status, matchCount }) => [status, matchCount])).toEqual([
      ["open", 1],
      ["closed", 2],
    ]);
  });

  test("filters by status, rule and severity", async () => {
    await runOver(
      [
        { dedup: "1", rule: { id: "A" }, severity: "low" },
        { dedup: "2", rule: { id: "B" }, severity: "high", clockMs: startMs + hour - 1 },
      ],
      startMs + hour,
    );
    expect((await listed("--status", "closed")).map(({ ruleId }) => ruleId)).toEqual(["A"]);
    expect((await listed("--rule", "B")).map(({ ruleId }) => ruleId)).toEqual(["B"]);
    expect((await listed("--severity", "high")).map(({ ruleId }) => ruleId)).toEqual(["B"]);
    expect(await listed("--severity", "high", "--status", "closed")).toEqual([]);
  });

  test("shows at most --limit and says that there are more", async () => {
    await runOver(["1", "2", "3"].map((dedup) => ({ dedup })));
    const { stdout, stderr } = await alerts("list", ["--limit", "2", "--json"]);
    expect(stdout.trim().split("\n")).toHaveLength(2);
    expect(stderr).toContain("There are more");
    expect((await alerts("list", ["--limit", "3"])).stderr).toBe("");
  });

  test("without any says so on standard error", async () => {
    await runOver([]);
    expect(await alerts("list")).toEqual({ status: 0, stdout: "", stderr: "No alerts.\n" });
    expect(await alerts("list", ["--json"])).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("never sends control characters of a title to the screen", async () => {
    await runOver([{ title: "evil\u001b[2J\u202e" }]);
    const { stdout } = await alerts("list", [], { terminal: true });
    expect(stdout).toContain("evil\\x1b[2J\\u202e");
  });

  test("works while a run has the state open", async () => {
    await runOver([{}]);
    const store = openState(file);
    expect(await listed()).toHaveLength(1);
    await store.close();
  });

  test("of a missing file is an error that names it", async () => {
    const { status, stderr } = await alerts("list");
    expect(status).toBe(1);
    expect(stderr).toContain(file);
  });
});

describe("alerts show", () => {
  test("shows an alert with all of its events, found by the beginning of its id", async () => {
    await runOver([
      { title: "denied", event: { n: 1, evil: "\u001b[2J" }, context: { who: "me" } },
      { title: "denied", event: { n: 2 } },
    ]);
    const [alert] = await listed();
    const { status, stdout } = await alerts("show", [alert?.id.slice(0, 8) ?? ""]);
    expect(status).toBe(0);
    for (const shown of ["denied", alert?.id ?? "", '{"who":"me"}', '{"n":2}', "matches 2"]) {
      expect(stdout).toContain(shown);
    }
    expect(stdout).not.toContain("\u001b");
  });

  test("shows a closed alert in full too", async () => {
    await runOver([{ context: { who: "me" } }], startMs + hour);
    const [alert] = await listed();
    const { stdout } = await alerts("show", [alert?.id ?? ""]);
    expect(stdout).toContain('{"who":"me"}');
    expect(stdout).toContain("closed, window");
  });

  test("as JSON is the alert itself", async () => {
    await runOver([{ event: { n: 1 } }]);
    const [alert] = await listed();
    const { stdout } = await alerts("show", [alert?.id ?? "", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ id: alert?.id, events: [{ n: 1 }] });
    expect(stdout.trim().split("\n")).toHaveLength(1);
  });

  test("of an unknown id is an error", async () => {
    await runOver([]);
    const { status, stderr } = await alerts("show", ["ffff"]);
    expect(status).toBe(1);
    expect(stderr).toContain("There is no alert ffff");
  });
});
