import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import type { JsonObject } from "../../src/core/json.ts";
import type { Explanation } from "../../src/testing/explain.ts";
import { cli, type CliResult, tempFolder, wallMs } from "./fixtures.ts";

const counting = `import { defineRule, incrementCounter } from "stakeout";
export default defineRule({
  id: "Counts.Denials",
  logTypes: ["AWS.CloudTrail"],
  severity: "low",
  async rule(event) {
    if (event.errorCode !== "AccessDenied") return false;
    const count = await incrementCounter("denials");
    return count >= 2;
  },
  title: (event) => \`denied \${event.eventName}\`,
  alertContext: (event) => ({ name: event.eventName }),
});
`;

function cloudTrail(seconds: number, fields: JsonObject = {}): string {
  return JSON.stringify({
    eventVersion: "1.08",
    eventTime: new Date(wallMs - 3_600_000 + seconds * 1000).toISOString(),
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    ...fields,
  });
}

const denied = (seconds: number): string => cloudTrail(seconds, { errorCode: "AccessDenied" });

interface Explaining {
  readonly event: string;
  readonly rule?: string;
  readonly id?: string;
  readonly args?: readonly string[];
}

/** Explains events from standard input with one rule. */
async function explain({
  event,
  rule = counting,
  id = "Counts.Denials",
  args = [],
}: Explaining): Promise<CliResult> {
  const folder = tempFolder();
  const file = join(folder, "rule.ts");
  writeFileSync(file, rule);
  return await cli(["explain", id, "--event", "-", "--rules", file, ...args], { stdin: event });
}

async function explanations(
  explaining: Explaining,
): Promise<readonly (Explanation & { readonly line: number })[]> {
  const { stdout, stderr, status } = await explain({
    ...explaining,
    args: [...(explaining.args ?? []), "--json"],
  });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return (JSON.parse(stdout) as { events: (Explanation & { line: number })[] }).events;
}

describe("the verdict", () => {
  test("is that the rule does not fire, with the line that decided", async () => {
    const { status, stdout, stderr } = await explain({ event: cloudTrail(0) });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [verdict, time, , line] = stdout.split("\n");
    expect(verdict).toMatch(/^Counts\.Denials does not fire \(.*rule\.ts:2\)$/);
    expect(time).toBe("  engine time 2026-03-02T11:00:00.000Z");
    expect(line).toBe(
      '     7  if (event.errorCode !== "AccessDenied") return false;   → event.errorCode = undefined → true',
    );
  });

  test("is that it fires, with what the alert would be made of and the operations on state", async () => {
    const { stdout } = await explain({ event: `${denied(0)}\n${denied(5)}\n` });
    const [, second = ""] = stdout.split("\n\n");
    expect(second).toMatch(/^event 2 of 2, line 2: Counts\.Denials fires: an alert is raised/);
    expect(second).toContain('    2026-03-02T11:00:05.000Z  incrementCounter("denials", 1) → 2\n');
    expect(second).toMatch(/9 {2}return count >= 2; {3}→ count = 2 → true\n/);
    expect(second).toMatch(/title +denied GetObject\n {4}dedup +denied GetObject\n {4}severity +low\n/);
    expect(second).toMatch(/context +\{"name":"GetObject"\}\n$/);
  });

  test("is that it throws, with the message", async () => {
    const rule = counting.replace('event.errorCode !== "AccessDenied"', "event.no.such");
    const { stdout } = await explain({ event: denied(0), rule });
    expect(stdout).toMatch(
      /^Counts\.Denials throws TypeError: Cannot read properties of undefined \(reading 'such'\)/,
    );
  });

  test("names the log type that keeps the event from the rule", async () => {
    const [explained] = await explanations({
      event: denied(0),
      rule: counting.replace("AWS.CloudTrail", "Okta.SystemLog"),
    });
    expect(explained).toMatchObject({
      verdict: "not asked",
      reason: "the event's log type is AWS.CloudTrail, the rule looks at Okta.SystemLog",
      match: null,
      trace: { conditions: [], operations: [] },
    });
  });

  test("says so of a record that becomes a dead letter", async () => {
    const { stdout } = await explain({ event: '{"some":"thing"}' });
    expect(stdout).toMatch(
      /^Counts\.Denials is not asked: the record becomes a dead letter \(unknown-log-type\): /,
    );
  });

  test("says of a disabled rule that it is, and then what it would do", async () => {
    const rule = counting.replace('severity: "low",', 'severity: "low", enabled: false,');
    const { stdout } = await explain({ event: denied(0), rule });
    expect(stdout).toMatch(
      /^Counts\.Denials · the rule is disabled, so it is never asked; if it were enabled, it does not fire/,
    );
    expect(stdout).toContain('incrementCounter("denials", 1) → 1');
  });

  test("tells a match that raises no alert from one that does", async () => {
    const rule = counting.replace('severity: "low",', 'severity: "low", threshold: 2,');
    const events = await explanations({ event: [0, 1, 2, 3].map(denied).join("\n"), rule });
    expect(events.map(({ verdict, match }) => [verdict, match?.raisesAlert])).toEqual([
      ["does not fire", undefined],
      ["fires", false],
      ["fires", true],
      ["fires", false],
    ]);
  });

  test("says of a rule that only counts that it raises no alert", async () => {
    const rule = counting.replace('severity: "low",', 'severity: "low", createAlert: false,');
    const { stdout } = await explain({ event: `${denied(0)}\n${denied(1)}`, rule });
    expect(stdout).toContain("fires: the match is only counted, the rule raises no alerts");
  });

  test("names a function besides rule that fails, and shows the fallback", async () => {
    const rule = counting
      .replace("`denied ${event.eventName}`", "event.no.such")
      .replace("count >= 2", "count >= 1");
    const [explained] = await explanations({ event: denied(0), rule });
    expect(explained?.verdict).toBe("fires");
    expect(explained?.errors).toEqual([
      { function: "title", message: "TypeError: Cannot read properties of undefined (reading 'such')" },
    ]);
    expect(explained?.match?.title).toBe("Counts.Denials");
  });
});

describe("state", () => {
  test("starts from the file, which stays as it was", async () => {
    const state = join(tempFolder(), "state.db");
    expect(
      (await cli(["state", "set", "denials", "--count", "7", "--expires", "never", "--state", state])).status,
    ).toBe(0);
    const before = await cli(["state", "export", "--state", state]);
    const [explained] = await explanations({ event: denied(0), args: ["--state", state] });
    expect(explained?.verdict).toBe("fires");
    expect(explained?.trace.operations).toEqual([
      {
        eventIndex: 0,
        operation: "incrementCounter",
        key: "denials",
        arguments: [1],
        result: 8,
        error: null,
        atMs: wallMs - 3_600_000,
      },
    ]);
    expect(await cli(["state", "export", "--state", state])).toEqual(before);
  });

  test("that is not there is an error", async () => {
    const { status, stderr } = await explain({
      event: denied(0),
      args: ["--state", join(tempFolder(), "none.db")],
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/no state file|There is no/);
  });
});

describe("events", () => {
  test.each([
    ["one document over several lines", JSON.stringify(JSON.parse(denied(0)), null, 2), [1]],
    ["a list", `[${denied(0)},\n${denied(1)}]`, [1, 1]],
    ["an envelope", `\ufeff{"Records": [${denied(0)}, ${denied(1)}]}`, [1, 1]],
    ["one a line, with blank lines", `\n${denied(0)}\r\n\n${denied(1)}\n`, [2, 4]],
  ])("can be %s", async (_, event, lines) => {
    const explained = await explanations({ event });
    expect(explained.map(({ line }) => line)).toEqual(lines);
    expect(explained.at(-1)?.trace.operations[0]?.result).toBe(lines.length);
  });

  test("can be lines of a text log", async () => {
    const line = '192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8"';
    const rule = counting.replace("AWS.CloudTrail", "Nginx.Access").replace("errorCode", "status");
    const [explained] = await explanations({ event: line, rule, args: ["--log-type", "Nginx.Access"] });
    expect(explained).toMatchObject({ verdict: "does not fire", logType: "Nginx.Access" });
  });

  test("of a text log may begin as JSON does", async () => {
    const folder = tempFolder();
    writeFileSync(
      join(folder, "own.yaml"),
      "name: Own.Text\ntext: { pattern: '^\\[(?<level>\\w+)\\] (?<errorCode>\\w+)$' }\n",
    );
    const rule = counting.replace("AWS.CloudTrail", "Own.Text");
    const args = ["--log-type", "Own.Text", "--log-types-dir", folder];
    const explained = await explanations({ event: "[warn] AccessDenied\n[warn] Other\n", rule, args });
    expect(explained.map(({ trace }) => trace.operations.length)).toEqual([1, 0]);
  });

  test("are the same from a file, and standard input may be named", async () => {
    const file = join(tempFolder(), "event.json");
    writeFileSync(file, denied(0));
    const id = "AWS.CloudTrail.AccessDeniedBurst";
    const { status, stdout } = await cli(["explain", id, "--event", file, "--rules", "examples/rules"]);
    expect(status).toBe(0);
    expect(stdout).toContain(`examples/rules/access_denied_burst.ts`);
  });
});

describe("bad input", () => {
  test.each([
    ["broken JSON in a line", `${denied(0)}\n{"a": }\n`, /standard input:2: not JSON: .*/],
    ["broken JSON over several lines", '{\n  "a": 1,\n  b: 2\n}', /standard input:3: not JSON: .*/],
    ["JSON that ends too early", '{\n  "a": [1,\n', /standard input:2: not JSON: .*/],
    ["nothing", "\n \n", /standard input: there is no event in it/],
    ["an empty list", "[]", /standard input: there is no event in it/],
  ])("%s is an error with its line", async (_, event, message) => {
    const { status, stderr, stdout } = await explain({ event });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr.split("\n").length).toBe(2);
  });

  test("an unknown rule is an error that names the one that was meant", async () => {
    const { status, stderr } = await explain({ event: denied(0), id: "Counts.Denial" });
    expect(status).toBe(2);
    expect(stderr).toBe("stakeout: There is no rule Counts.Denial; did you mean Counts.Denials?\n");
  });

  test("an unknown rule that is like no other is an error that lists those there are", async () => {
    const { stderr } = await explain({ event: denied(0), id: "\u001b" });
    expect(stderr).toBe("stakeout: There is no rule \\x1b; there are Counts.Denials\n");
  });

  test("a file that is not there is an error", async () => {
    const args = [
      "explain",
      "AWS.CloudTrail.AccessDeniedBurst",
      "--rules",
      "examples/rules",
      "--event",
      "/no/such",
    ];
    expect(await cli(args)).toEqual({
      status: 2,
      stdout: "",
      stderr: "stakeout: --event /no/such: there is no such file.\n",
    });
  });

  test("a folder is an error", async () => {
    const args = ["explain", "AWS.CloudTrail.AccessDeniedBurst", "--rules", "examples/rules", "--event", "/"];
    const { status, stderr } = await cli(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(/--event \/: it cannot be read/);
  });

  test("a file that is far too large is an error", async () => {
    const { status, stderr } = await explain({ event: " ".repeat(17 * 1024 * 1024) });
    expect(status).toBe(2);
    expect(stderr).toMatch(/standard input: more than 16 MiB/);
  });

  test("rules with problems are listed with file and line", async () => {
    const { status, stderr } = await explain({ event: denied(0), rule: counting.replace('"low"', '"loud"') });
    expect(status).toBe(2);
    expect(stderr).toMatch(/rule\.ts:5: rule Counts\.Denials: unknown severity/);
  });

  test("a log type that there is none of is an error", async () => {
    const { status, stderr } = await explain({ event: denied(0), args: ["--log-type", "Nope"] });
    expect(status).toBe(2);
    expect(stderr).toMatch(/There is no log type "Nope"/);
  });

  test("no event at all is a mistake in the command line", async () => {
    expect((await cli(["explain", "Counts.Denials"])).status).toBe(2);
  });
});

test("what an attacker puts into an event stays text", async () => {
  const rule = counting.replace("count >= 2", "count >= 1");
  const event = cloudTrail(0, { errorCode: "AccessDenied", eventName: "\u001b[2J\u202e" });
  const { stdout } = await explain({ event, rule });
  // oxlint-disable-next-line eslint/no-control-regex -- control characters are what it looks for
  expect(stdout).not.toMatch(/[\u001b\u202e]/);
  expect(stdout).toContain("denied \\x1b[2J\\u202e");
});
