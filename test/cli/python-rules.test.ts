import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe, expect, test } from "vitest";

import { tempFolder } from "./fixtures.ts";
import { cloudTrailLines, pythonRule, writeFiles } from "./python-fixtures.ts";

const bin = fileURLToPath(new URL("../../bin/stakeout", import.meta.url));
const run = promisify(execFile);

interface Ran {
  readonly status: number;
  readonly stderr: string;
  readonly alerts: readonly Readonly<Record<string, unknown>>[];
}

interface Failed {
  readonly code?: number;
  readonly signal?: string | null;
  readonly stderr?: string;
}

/** Runs the rules below `folder/rules` over `folder/events.ndjson`, with state and alerts in the folder. */
async function stakeoutRun(folder: string, ...more: readonly string[]): Promise<Ran> {
  const alerts = join(folder, "alerts.jsonl");
  const args = ["run", "--rules", folder, "--input", join(folder, "events.ndjson")];
  const places = ["--state", join(folder, "state.db"), "--alerts", alerts];
  const options = { env: { ...process.env, STAKEOUT_CACHE_DIR: join(tmpdir(), "stakeout-test-cache") } };
  const start = (): Promise<{ status: number; stderr: string; signal?: string | undefined }> =>
    run(bin, [...args, ...places, ...more], options).then(
      ({ stderr }) => ({ status: 0, stderr }),
      (error: Failed) => ({
        status: error.code ?? -1,
        stderr: error.stderr ?? "",
        signal: error.signal ?? undefined,
      }),
    );
  let ended = await start();
  // Node itself may crash while it ends a thread (scripts/test-supervisor.ts); the next run goes on.
  while (ended.signal === "SIGSEGV" || ended.signal === "SIGTRAP") ended = await start();
  if (!existsSync(alerts)) throw new Error(`stakeout run raised nothing:\n${ended.stderr}`);
  const lines = readFileSync(alerts, "utf8").split("\n").filter(Boolean);
  return { ...ended, alerts: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

async function stakeout(...args: readonly string[]): Promise<string> {
  return (await run(bin, args)).stdout;
}

const denials = Array.from({ length: 25 }, (_, index) => ({
  errorCode: "AccessDenied",
  userIdentity: { arn: `arn:aws:iam::1:user/${index % 2 === 0 ? "ann" : "bob"}` },
}));

function byText(left: readonly unknown[], right: readonly unknown[]): number {
  return left.join(" ") < right.join(" ") ? -1 : 1;
}

/** Ten within an hour, as Panther's own documentation shows it. */
const burst = pythonRule(
  "Test.Burst",
  `from panther_detection_helpers.caching import increment_counter, reset_counter, set_key_expiration
from test_helpers import actor
import time


def rule(event):
    if event.get("errorCode") != "AccessDenied":
        return False
    key = f"{actor(event)}-AccessDenied"
    count = increment_counter(key)
    if count == 1:
        set_key_expiration(key, time.time() + 3600)
    if count < 10:
        return False
    reset_counter(key)
    return True


def title(event):
    return f"{event.udm('actor_user')} was denied ten times"


def severity(event):
    return "DEFAULT" if event.get("awsRegion") else "HIGH"


def alert_context(event):
    return {"identity": event.get("userIdentity"), "addresses": event.get("p_any_ip_addresses")}
`,
);

const shared = {
  "global_helpers/test_helpers.py":
    "def actor(event):\n    return event.deep_get('userIdentity', 'arn', default='nobody')\n",
  "global_helpers/test_helpers.yml":
    "AnalysisType: global\nGlobalID: test_helpers\nFilename: test_helpers.py\nDescription: x\n",
  "data_models/cloudtrail.yml":
    "AnalysisType: datamodel\nDataModelID: Test.CloudTrail\nEnabled: true\nLogTypes: [AWS.CloudTrail]\nMappings:\n  - Name: actor_user\n    Path: $.userIdentity.arn\n",
};

describe("a repository with rules of every kind", () => {
  test("runs in one lane, on one state, in the order of rule ids", async () => {
    const folder = tempFolder();
    writeFiles(folder, {
      ...burst,
      ...shared,
      "rules/simple.yml":
        "AnalysisType: rule\nRuleID: Test.Simple\nEnabled: true\nLogTypes: [AWS.CloudTrail]\nSeverity: Low\nDetection:\n  - KeyPath: userIdentity.arn\n    Condition: EndsWith\n    Value: bob\nAlertTitle: 'simple {userIdentity.arn}'\nGroupBy: [{KeyPath: userIdentity.arn}]\n",
      "rules/typed.ts": `import { defineRule, getCounter } from "stakeout";
export default defineRule({
  id: "Test.Typed", logTypes: ["AWS.CloudTrail"], severity: "info",
  async rule(event) { return (await getCounter(\`\${event.userIdentity?.arn}-AccessDenied\`)) === 9; },
  title: () => "nine",
});
`,
      ...pythonRule(
        "Test.Filtered",
        "def rule(event):\n    return event['errorCode'] == 'AccessDenied'\n\ndef dedup(event):\n    return 'one'\n",
        "InlineFilters:\n  - All:\n      - Key: eventName\n        Condition: Equals\n        Value: Never\n",
      ),
      ...pythonRule("Test.Signal", "def rule(event):\n    return True\n", "CreateAlert: false\n"),
      "rules/derived.yml":
        "AnalysisType: rule\nBaseDetection: Test.Burst\nRuleID: Test.Derived\nEnabled: false\nSeverity: Critical\n",
      "events.ndjson": cloudTrailLines(denials),
    });
    const { status, alerts, stderr } = await stakeoutRun(folder);
    expect(stderr).toContain("0 rule errors, 0 dead letters");
    expect(status).toBe(0);
    const shown = alerts.map(({ ruleId, title, severity }) => [ruleId, title, severity]);
    expect(shown.toSorted(byText)).toStrictEqual([
      ["Test.Burst", "arn:aws:iam::1:user/ann was denied ten times", "high"],
      ["Test.Burst", "arn:aws:iam::1:user/bob was denied ten times", "high"],
      ["Test.Simple", "simple arn:aws:iam::1:user/bob", "low"],
      ["Test.Typed", "nine", "info"],
    ]);
    expect(alerts[0]).toHaveProperty("context");
    const burstAlert = alerts.find(({ ruleId }) => ruleId === "Test.Burst");
    expect(burstAlert?.["context"]).toStrictEqual({
      identity: { arn: "arn:aws:iam::1:user/ann" },
      addresses: null,
    });
  });

  test("a backtest gives the alerts of the run", async () => {
    const folder = tempFolder();
    writeFiles(folder, { ...burst, ...shared, "events.ndjson": cloudTrailLines(denials) });
    const { alerts } = await stakeoutRun(folder);
    const backtest = await stakeout(
      "backtest",
      "--rules",
      folder,
      "--input",
      join(folder, "events.ndjson"),
      "--json",
    );
    const ids = alerts.map(({ id }) => String(id));
    expect(ids.length).toBe(2);
    for (const id of ids) expect(backtest).toContain(id);
  });
});

describe("what is broken in one rule", () => {
  test("is reported, and costs no other rule an event", { timeout: 120_000 }, async () => {
    const folder = tempFolder();
    const endless = "def rule(event):\n    while event.get('n') == 3:\n        pass\n    return False\n";
    writeFiles(folder, {
      ...pythonRule(
        "Bad.Allocation",
        "def rule(event):\n    x = []\n    while True:\n        x.append(bytearray(50_000_000))\n",
      ),
      ...pythonRule(
        "Bad.Context",
        "def rule(event):\n    return True\n\ndef alert_context(event):\n    return {'a': {1, 2}}\n",
      ),
      ...pythonRule("Bad.Endless", endless),
      ...pythonRule("Bad.Import", "import re\nimport not_there\n\ndef rule(event):\n    return True\n"),
      ...pythonRule(
        "Bad.NaN",
        "def rule(event):\n    return True\n\ndef alert_context(event):\n    return {'a': float('nan')}\n",
      ),
      ...pythonRule("Bad.Recursion", "def rule(event):\n    return rule(event)\n"),
      ...pythonRule("Bad.String", "def rule(event):\n    return 'yes'\n"),
      ...pythonRule("Bad.Syntax", "def rule(event):\n    return True +\n"),
      ...pythonRule(
        "Bad.Title",
        "def rule(event):\n    return True\n\ndef title(event):\n    return event['zz']\n",
      ),
      ...pythonRule(
        "Good.Rule",
        "def rule(event):\n    return True\n\ndef dedup(event):\n    return str(event.get('n'))\n",
      ),
      "events.ndjson": cloudTrailLines(Array.from({ length: 6 }, (_, n) => ({ n }))),
    });
    const { alerts } = await stakeoutRun(folder, "--rule-budget", "2s");
    const good = alerts.filter(({ ruleId }) => ruleId === "Good.Rule").map(({ dedup }) => dedup);
    expect(good).toStrictEqual(["0", "1", "2", "3", "4", "5"]);
    // Alerts are not lost for what is wrong in their title or context.
    const contexts = Object.fromEntries(alerts.map(({ ruleId, context }) => [ruleId, context]));
    expect(contexts["Bad.Context"]).toHaveProperty("_error");
    expect(contexts["Bad.NaN"]).toHaveProperty("_error");
    expect(alerts.find(({ ruleId }) => ruleId === "Bad.Title")?.["title"]).toBe("Bad.Title");
    const listed = await stakeout("errors", "list", "--state", join(folder, "state.db"), "--json");
    const errors = JSON.parse(`[${listed.trim().split("\n").join(",")}]`).flat() as Record<string, unknown>[];
    const found = errors.map(({ ruleId, type, count }) => [ruleId, type, count]);
    expect(found.toSorted(byText)).toStrictEqual([
      ["Bad.Allocation", "MemoryError", 6],
      ["Bad.Context", "TypeError", 6],
      ["Bad.Endless", "StakeoutError RULE_BUDGET_EXCEEDED", 1],
      ["Bad.Import", "ModuleNotFoundError", 6],
      ["Bad.NaN", "ValueError", 6],
      ["Bad.Recursion", "RecursionError", 6],
      ["Bad.String", "StakeoutError RULE_RESULT_INVALID", 6],
      ["Bad.Syntax", "SyntaxError", 6],
      ["Bad.Title", "KeyError", 6],
    ]);
  });

  test(
    "also when its file does not end to load: it is suspended, the others go on",
    { timeout: 120_000 },
    async () => {
      const folder = tempFolder();
      writeFiles(folder, {
        ...pythonRule("Bad.Load", "while True:\n    pass\n\ndef rule(event):\n    return True\n"),
        ...pythonRule(
          "Good.Rule",
          "def rule(event):\n    return True\n\ndef dedup(event):\n    return str(event.get('n'))\n",
        ),
        "events.ndjson": cloudTrailLines(Array.from({ length: 6 }, (_, n) => ({ n }))),
      });
      const { alerts, stderr } = await stakeoutRun(folder, "--rule-budget", "1s");
      expect(alerts.map(({ ruleId, dedup }) => [ruleId, dedup])).toStrictEqual(
        ["0", "1", "2", "3", "4", "5"].map((n) => ["Good.Rule", n]),
      );
      expect(stderr).toContain("Rule Bad.Load is suspended");
    },
  );
});
