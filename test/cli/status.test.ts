import { describe, expect, test } from "vitest";

import {
  destinationState,
  destinationStatus,
  nowMs,
  ruleStatus,
  serviceStatus,
  sourceStatus,
} from "../service/admin/status-fixtures.ts";
import { startService } from "./service-fixtures.ts";

describe("status", () => {
  test("tells what the service is at", async () => {
    const { run } = await startService();
    const { status, stdout, stderr } = await run("status");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const text of [
      "stakeout 1.2.3 running, up 1h",
      "120,000 events (144.0 MB), 340 matches, 12 alerts, 3 rule errors, 5 dead letters",
      "700 commits, last 0s ago, 12.0 ms on average; engine clock 2026-03-02T11:59:58Z",
      "state: 4,321 keys, 8.0 MB, journal 500.0 kB",
      "rules and log types c0ffee, loaded 30m ago, 2 reloads, 1 refused",
      "1 lane replaced because of rules",
      "limits reached, see docs/LIMITS.md: alertsPerHourMax (2 times)",
      "5 requests for no source, or with a wrong token",
    ]) {
      expect(stdout).toContain(text);
    }
    expect(stdout).toMatch(
      /^cloudtrail +http +120,500 +144\.6 MB +500 \/ 600\.0 kB +0s +202: 1,200, 429: 3, repeated: 7$/m,
    );
    expect(stdout).toMatch(/^AWS\.CloudTrail\.RootLogin +40 +3 +1$/m);
    expect(stdout).toMatch(/^oncall +pagerduty +closed +2 +1 +9 +6 +1$/m);
  });

  test("is one object with --json", async () => {
    const { run } = await startService();
    const { stdout } = await run("status --json");
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(serviceStatus())));
  });

  test("of a service that has just begun", async () => {
    const { run, service } = await startService();
    const { commits } = serviceStatus();
    service.statuses = [
      serviceStatus({
        phase: "starting",
        state: undefined,
        commits: { ...commits, count: 0, lastMs: undefined },
        sources: [],
        destinations: [],
        rules: [],
        limits: {},
        otherRequests: {},
        laneRestarts: 0,
      }),
    ];
    const { status, stdout } = await run("status");
    expect(status).toBe(0);
    expect(stdout).toContain("starting");
    expect(stdout).toContain("nothing committed yet");
    expect(stdout).toContain("0 rules, none has matched");
  });

  test("names what was refused, with its first problem", async () => {
    const { run, service } = await startService();
    const problems = [
      { file: "/rules/a.ts", line: 3, message: "severity is missing" },
      { file: "/rules/b.ts", line: 0, message: "x" },
    ];
    const { content } = serviceStatus();
    service.statuses = [
      serviceStatus({ content: { ...content, refused: { atMs: nowMs - 120_000, problems } } }),
    ];
    const { stdout } = await run("status");
    expect(stdout).toContain("refused 2m ago (2 problems): /rules/a.ts:3: severity is missing");
  });

  test("shows rules first that need a look", async () => {
    const { run, service } = await startService();
    const busy = Array.from({ length: 20 }, (_, index) => ruleStatus({ id: `busy.${index}`, ruleErrors: 0 }));
    service.statuses = [
      serviceStatus({
        rules: [
          ...busy,
          ruleStatus({ id: "silent", matches: 0, ruleErrors: 0 }),
          ruleStatus({ id: "failing", ruleErrors: 9, staged: true }),
          ruleStatus({ id: "ended", matches: 0, suspended: true }),
        ],
      }),
    ];
    const { stdout } = await run("status");
    const shown = stdout.split("RULE ")[1]?.split("\n") ?? [];
    expect(shown[1]).toMatch(/^ended .* suspended$/);
    expect(shown[2]).toMatch(/^failing .* staged$/);
    expect(shown).toContain("and 13 rules more");
    expect(stdout).toContain("1 rule suspended");
    expect(stdout).not.toContain("silent");
  });

  test("cannot be used to steer a terminal", async () => {
    const { run, service } = await startService();
    const evil = "a\u001b[2Jb";
    service.statuses = [
      serviceStatus({
        rules: [ruleStatus({ id: evil })],
        sources: [sourceStatus({ name: evil })],
        destinations: [destinationStatus({ name: evil, attempts: destinationState({ lastFailure: evil }) })],
        version: evil,
      }),
    ];
    const { stdout } = await run("status");
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain("a\\x1b[2Jb");
  });
});

describe("health", () => {
  test.each(["health", "health --ready"])("%s is 0 while the service is well", async (words) => {
    const { run } = await startService();
    expect(await run(words)).toEqual({ status: 0, stdout: "ok\n", stderr: "" });
  });

  test("is 1 when the lane has failed", async () => {
    const { run, service } = await startService();
    service.statuses = [serviceStatus({ phase: "failed" })];
    const { status, stderr } = await run("health");
    expect(status).toBe(1);
    expect(stderr).toBe("stakeout: The lane has failed; the process is about to end.\n");
  });

  test("asks whether events are taken with --ready", async () => {
    const { run, service } = await startService();
    service.readiness = { ready: false, reasons: ["A stop is under way."] };
    expect((await run("health")).status).toBe(0);
    expect(await run("health --ready")).toMatchObject({
      status: 1,
      stderr: "stakeout: A stop is under way.\n",
    });
  });
});

describe("reload", () => {
  test("says that the new content runs", async () => {
    const { run } = await startService();
    expect(await run("reload")).toMatchObject({ status: 0, stdout: "" });
  });

  test("shows every problem and exits with 2 when it is refused", async () => {
    const { run, service } = await startService();
    const problems = [{ file: "/rules/a.ts", line: 3, message: "severity is missing" }];
    service.reloadResult = { ok: false, problems };
    const { status, stdout, stderr } = await run("reload");
    expect(status).toBe(2);
    expect(stdout).toBe("/rules/a.ts:3: severity is missing\n1 problem in 1 file.\n");
    expect(stderr).toContain("those that ran before go on");
  });

  test("tells what else went wrong", async () => {
    const { run, service } = await startService();
    service.error = new Error("odd");
    const { status, stderr } = await run("reload");
    expect(status).toBe(1);
    expect(stderr).toContain("the log says more");
    expect(stderr).not.toContain("odd");
  });
});

describe("rules", () => {
  test("are staged and promoted", async () => {
    const { run, service } = await startService();
    const rule = "AWS.CloudTrail.RootLogin";
    expect(await run(`rules stage ${rule}`)).toMatchObject({
      status: 0,
      stderr: `Rule ${rule} notifies nobody from now on.\n`,
    });
    expect(service.staged).toEqual(new Set([rule]));
    expect((await run(`rules stage ${rule}`)).stderr).toBe(`Rule ${rule} is staged already.\n`);
    expect((await run(`rules promote ${rule}`)).stderr).toBe(`Rule ${rule} notifies from now on.\n`);
    expect((await run(`rules promote ${rule}`)).stderr).toBe(`Rule ${rule} is not staged.\n`);
    expect(service.staged.size).toBe(0);
  });

  test("that are unknown are not found", async () => {
    const { run } = await startService();
    expect(await run("rules promote nope")).toMatchObject({
      status: 1,
      stderr: "stakeout: There is no rule nope.\n",
    });
  });
});

describe("destinations", () => {
  test("are listed", async () => {
    const { run, service } = await startService();
    service.statuses = [
      serviceStatus({
        destinations: [
          destinationStatus({ attempts: destinationState({ circuit: "open", lastFailure: "no answer" }) }),
          destinationStatus({ name: "archive", kind: "file", attempts: undefined, waiting: 0, abandoned: 0 }),
        ],
      }),
    ];
    const { stdout } = await run("destinations list");
    expect(stdout).toMatch(/^oncall +pagerduty +open +2 +1 +9 +6 +1 +no answer$/m);
    expect(stdout).toMatch(/^archive +file +- +0 +- +- +- +0$/m);
    const lines = (await run("destinations list --json")).stdout.trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual(["oncall", "archive"]);
  });

  test("are told apart from none", async () => {
    const { run, service } = await startService();
    service.statuses = [serviceStatus({ destinations: [] })];
    expect(await run("destinations list")).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "No destinations.\n",
    });
  });

  test("take a test alert", async () => {
    const { run } = await startService();
    expect(await run("destinations test oncall")).toMatchObject({
      status: 0,
      stderr: "oncall took the test alert.\n",
    });
  });

  test.each([
    [{ kind: "failed", reason: "no answer" }, "oncall did not take the test alert: no answer"],
    [{ kind: "refused", reason: "a\u001bb" }, "oncall refused the test alert: a\\x1bb"],
  ] as const)("that answer %j are told with exit status 1", async (outcome, expected) => {
    const { run, service } = await startService();
    service.outcome = outcome;
    expect(await run("destinations test oncall")).toMatchObject({
      status: 1,
      stderr: `stakeout: ${expected}\n`,
    });
  });

  test("that are unknown are not found", async () => {
    const { run } = await startService();
    expect(await run("destinations test nope")).toMatchObject({
      status: 1,
      stderr: "stakeout: There is no destination nope.\n",
    });
  });
});
