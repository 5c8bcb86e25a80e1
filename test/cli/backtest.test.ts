import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { describe, expect, onTestFinished, test, vi } from "vitest";

import type { Alert } from "../../src/core/alert.ts";
import { cli, tempFolder, type CliResult } from "./fixtures.ts";

const head = `import { defineRule, incrementCounter } from "stakeout";
`;

/** A rule that counts denials by user and matches the given one. */
function burst(threshold: number, fields = ""): string {
  return `${head}export default defineRule({ id: "Burst", logTypes: ["AWS.CloudTrail"], severity: "high",
  async rule(event) {
    return event.errorCode === "AccessDenied" && (await incrementCounter("burst-" + event.userIdentity?.arn)) === ${threshold};
  },
  title: (event) => "denied: " + event.userIdentity?.arn,
  ${fields} });
`;
}

function denial(minute: number, arn: string): string {
  return `${JSON.stringify({
    eventVersion: "1.08",
    eventTime: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    errorCode: "AccessDenied",
    userIdentity: { arn },
  })}\n`;
}

interface Folder {
  readonly path: string;
  readonly rules: string;
  readonly events: string;
}

/** A folder with one rule (the third denial of a user) and 4 denials each of two users, a minute apart. */
function folderWith(ruleText = burst(3), lines: readonly string[] = eightDenials()): Folder {
  const path = tempFolder();
  const rules = join(path, "rules");
  const events = join(path, "events.ndjson");
  mkdirSync(rules);
  writeFileSync(join(rules, "burst.ts"), ruleText);
  writeFileSync(events, lines.join(""));
  return { path, rules, events };
}

function eightDenials(): readonly string[] {
  return ["ada", "bo"].flatMap((arn, user) =>
    [0, 1, 2, 3].map((minute) => denial(user * 30 + minute * 5, arn)),
  );
}

interface Report {
  readonly summary: Readonly<Record<string, unknown>>;
  readonly timeline: { readonly rules: Readonly<Record<string, readonly number[]>> } | null;
  readonly alerts: Readonly<Record<string, readonly Alert[]>>;
  readonly baseline?: {
    readonly appeared: readonly Alert[];
    readonly vanished: readonly Alert[];
    readonly changed: readonly {
      readonly fields: readonly string[];
      readonly before: Alert;
      readonly after: Alert;
    }[];
    readonly unchanged: number;
  };
}

function backtest({ rules, events }: Folder, ...args: readonly string[]): Promise<CliResult> {
  return cli(["backtest", "--rules", rules, "--input", events, ...args]);
}

async function report(folder: Folder, ...args: readonly string[]): Promise<Report> {
  const { status, stdout, stderr } = await backtest(folder, "--json", ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout) as Report;
}

function titles(alerts: readonly Alert[] | undefined): readonly string[] {
  return (alerts ?? []).map(({ title }) => title);
}

/** The alerts that `run` leaves in its state, in full. */
async function liveAlerts(rules: string, input: string): Promise<readonly Alert[]> {
  const state = join(tempFolder(), "s.db");
  const run = await cli([
    "run",
    "--rules",
    rules,
    "--input",
    input,
    "--state",
    state,
    "--alerts",
    `${state}.jsonl`,
    "--quiet",
  ]);
  expect(run.status).toBe(0);
  const listed = await cli(["alerts", "list", "--state", state, "--json", "--limit", "100000"]);
  const ids = listed.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as Alert).id);
  const alerts: Alert[] = [];
  for (const id of ids) {
    const shown = await cli(["alerts", "show", id, "--state", state, "--json"]);
    alerts.push(JSON.parse(shown.stdout) as Alert);
  }
  return byId(alerts);
}

function byId(alerts: readonly Alert[]): readonly Alert[] {
  return [...alerts].sort((left, right) => (left.id < right.id ? -1 : 1));
}

async function backtestAlerts(rules: string, input: string): Promise<readonly Alert[]> {
  const { alerts } = await report({ path: "", rules, events: input });
  return byId(Object.values(alerts).flat());
}

describe("gives the alerts of run", () => {
  test("on the examples", async () => {
    const live = await liveAlerts("examples/rules", "examples/events");
    expect(live.length).toBeGreaterThan(0);
    expect(await backtestAlerts("examples/rules", "examples/events")).toEqual(live);
  });

  const shared = resolve("../shared/data/cloudtrail");
  test.skipIf(!existsSync(shared))(`on the shared data, where ${shared} is there`, async () => {
    const live = await liveAlerts("examples/rules", shared);
    expect(live.length).toBeGreaterThan(0);
    expect(await backtestAlerts("examples/rules", shared)).toEqual(live);
  });
});

describe("what it shows", () => {
  test("a chart of alerts by rule, the alerts, and totals", async () => {
    const { status, stdout, stderr } = await backtest(folderWith());
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Burst {2}·+█·+█·* +2$/m);
    expect(stdout).toMatch(/2026-01-01 00:00:00Z .*2026-01-01 00:46:00Z/);
    expect(stdout).toContain("each column is 1m, a full block 1 alert");
    expect(stdout).toContain("2026-01-01 00:10:00Z  high            1  Burst  denied: ada");
    expect(stdout).not.toContain("\u001b");
    expect(stderr).toMatch(/^Done in .*: 8 events .*, 2 alerts, 0 rule errors, 0 dead letters$/m);
  });

  test("one JSON object", async () => {
    const { summary, timeline, alerts } = await report(folderWith());
    expect(summary).toMatchObject({ events: 8, alerts: 2, matches: { Burst: 2 }, partial: false });
    expect(alerts["Burst"]?.map(({ events }) => events.length)).toEqual([1, 1]);
    const columns = timeline?.rules["Burst"] ?? [];
    expect(columns.reduce((sum, column) => sum + column, 0)).toBe(2);
  });

  test("nothing where there is nothing", async () => {
    const { status, stdout, stderr } = await backtest(folderWith(burst(9)));
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    expect(stderr).toContain("8 events");
  });

  test("rule errors, which are exit status 1 with --strict", async () => {
    const folder = folderWith(
      `${head}export default defineRule({ id: "Throws", logTypes: ["AWS.CloudTrail"], severity: "low", rule: () => { throw new Error("no \\u001b[31mluck"); } });`,
    );
    const { status, stdout } = await backtest(folder);
    expect(status).toBe(0);
    expect(stdout).toContain("    8  Throws  rule      no \\x1b[31mluck");
    expect((await backtest(folder, "--strict")).status).toBe(1);
  });

  test("how many records could not become events", async () => {
    const { stderr } = await backtest(folderWith(burst(3), ["{broken\n", ...eightDenials()]));
    expect(stderr).toContain("1 dead letter");
  });

  test("nothing is left behind: no state, no dead letters, no temporary folder", async () => {
    const folder = folderWith(burst(3), ["{broken\n"]);
    const temporary = tempFolder();
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    await backtest(folder, "--baseline", folder.rules, "--state-from", "/nowhere/s.db");
    expect((await backtest(folder, "--baseline", folder.rules)).status).toBe(0);
    expect(readdirSync(folder.path).sort()).toEqual(["events.ndjson", "rules"]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("Ctrl-C shows what was found so far and says that it is partial", () => {
    const interrupting = burst(
      3,
      `dedup: async (event) => {
        process.kill(process.pid, "SIGINT");
        // Until the main thread has seen it.
        await new Promise((done) => setTimeout(done, 500));
        return String(event.userIdentity?.arn);
      },`,
    );
    const { rules, events } = folderWith(interrupting);
    const args = ["backtest", "--rules", rules, "--input", events];
    const ended = spawnSync(resolve("bin/stakeout"), args, { encoding: "utf8" });
    expect(ended.status).toBe(0);
    expect(ended.stdout).toContain("denied: ada");
    expect(ended.stdout).not.toContain("denied: bo");
    expect(ended.stderr).toContain("This is partial");
    expect(ended.stderr).toMatch(/^Stopped in .*: 3 events/m);
  });
});

describe("the period", () => {
  test("leaves out events before --from and from --to on", async () => {
    const folder = folderWith(burst(1));
    const { summary, alerts } = await report(
      folder,
      "--from",
      "2026-01-01T00:05:00Z",
      "--to",
      "2026-01-01T00:30:00Z",
    );
    expect(summary).toMatchObject({
      events: 3,
      outsidePeriod: 5,
      from: "2026-01-01T00:05:00.000Z",
      to: "2026-01-01T00:30:00.000Z",
    });
    expect(alerts["Burst"]?.map(({ createdAt }) => createdAt)).toEqual(["2026-01-01T00:05:00.000Z"]);
  });

  test("may be given in days", async () => {
    const { summary } = await report(folderWith(), "--from", "2026-01-02");
    expect(summary).toMatchObject({ events: 0, outsidePeriod: 8 });
  });

  test.each(["yesterday", "2026-02-30", "12", ""])("cannot begin at %j", async (time) => {
    const { status, stderr } = await backtest(folderWith(), "--from", time);
    expect(status).toBe(2);
    expect(stderr).toContain("It must be a day or a time, such as");
  });

  test("must begin before it ends", async () => {
    const { status, stderr } = await backtest(
      folderWith(),
      "--from",
      "2026-01-02",
      "--to",
      "2026-01-02T00:00:00Z",
    );
    expect(status).toBe(2);
    expect(stderr).toContain("--from 2026-01-02T00:00:00.000Z must be before --to 2026-01-02T00:00:00.000Z");
  });
});

describe("starting from live state", () => {
  test("goes on with counters and open windows, and counts only new alerts", async () => {
    const folder = folderWith(
      burst(1),
      eightDenials().filter((_, index) => index < 2),
    );
    const state = join(folder.path, "live.db");
    const run = await cli([
      "run",
      "--rules",
      folder.rules,
      "--input",
      folder.events,
      "--state",
      state,
      "--alerts",
      join(folder.path, "a.jsonl"),
      "--quiet",
    ]);
    expect(run.status).toBe(0);
    writeFileSync(join(folder.rules, "burst.ts"), burst(3));
    writeFileSync(folder.events, eightDenials().slice(2).join(""));
    const before = readFileSync(state);
    expect(titles((await report(folder)).alerts["Burst"])).toEqual(["denied: bo"]);
    // The third denial of ada falls into the window of the live alert; bo's is new.
    const from = await report(folder, "--state-from", state);
    expect(from.summary).toMatchObject({ alerts: 1, matches: { Burst: 2 } });
    expect(titles(from.alerts["Burst"])).toEqual(["denied: bo"]);
    expect(readFileSync(state).equals(before)).toBe(true);
  });

  test("must be a state file that is there", async () => {
    const { status, stderr } = await backtest(folderWith(), "--state-from", "/nowhere/s.db");
    expect(status).toBe(2);
    expect(stderr).toContain("There is no state in /nowhere/s.db");
  });
});

describe("bad input exits with 2 and one clear error", () => {
  test("no input", async () => {
    const { status, stderr } = await cli(["backtest"]);
    expect(status).toBe(2);
    expect(stderr).toContain("required option '--input <path...>' not specified");
  });

  test("no such input file", async () => {
    const { status, stderr } = await backtest({ ...folderWith(), events: "/nowhere/events.json" });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^stakeout: .*\/nowhere\/events\.json/);
  });

  test("standard input", async () => {
    const { status, stderr } = await backtest({ ...folderWith(), events: "-" });
    expect(status).toBe(2);
    expect(stderr).toContain("A backtest reads files");
  });

  test("an unknown rule, with a suggestion", async () => {
    const { status, stderr } = await backtest(folderWith(), "--rule", "Brust");
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: "stakeout: There is no rule Brust. Did you mean Burst?\n",
    });
  });

  test("an unknown log type", async () => {
    const { status, stderr } = await backtest(folderWith(), "--log-type", "No.Such");
    expect(status).toBe(2);
    expect(stderr).toContain("No.Such");
  });

  test("invalid rules", async () => {
    const { status, stderr } = await backtest(folderWith("export default 1 +;\n"));
    expect(status).toBe(2);
    expect(stderr).toMatch(/burst\.ts:1: .*\n1 problem in 1 file\.\n$/);
  });

  test("a page that cannot be written, before anything is read", async () => {
    const { status, stderr } = await backtest(folderWith(), "--html", "/nowhere/page.html");
    expect(status).toBe(1);
    expect(stderr).toContain("Cannot write /nowhere/page.html");
  });
});
