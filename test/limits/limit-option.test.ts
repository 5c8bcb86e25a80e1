import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";

import { parseLimit } from "../../src/cli/options.ts";
import { cli, tempFolder } from "../cli/fixtures.ts";

describe("parseLimit", () => {
  test("adds a limit to those given before; the last of the same name wins", () => {
    const first = parseLimit("alertsPerHourMax=5", undefined);
    expect(parseLimit("keyBytesMax=10", first)).toEqual({ alertsPerHourMax: 5, keyBytesMax: 10 });
    expect(parseLimit("alertsPerHourMax=7", first)).toEqual({ alertsPerHourMax: 7 });
  });

  test("takes a duration where the limit is in milliseconds, and a plain number as milliseconds", () => {
    expect(parseLimit("ruleBudgetMs=30s", undefined)).toEqual({ ruleBudgetMs: 30_000 });
    expect(parseLimit("ruleBudgetMs=30", undefined)).toEqual({ ruleBudgetMs: 30 });
  });

  test.each([
    ["alertPerHourMax=1", /no limit alertPerHourMax; did you mean alertsPerHourMax\?/],
    ["somethingElseAltogether=1", /LIMITS\.md lists all/],
    ["__proto__=1", /no limit __proto__/],
    ["keyBytesMax", /NAME=VALUE/],
    ["keyBytesMax=", /whole number/],
    ["keyBytesMax=0", /at least 1/],
    ["keyBytesMax=-1", /at least 1/],
    ["keyBytesMax=1.5", /whole number/],
    ["keyBytesMax=30s", /whole number/],
    ["keyBytesMax=99999999999999999999", /whole number/],
    ["ruleBudgetMs=soon", /duration/],
  ])("does not take %s", (text, message) => {
    expect(() => parseLimit(text, undefined)).toThrow(InvalidArgumentError);
    expect(() => parseLimit(text, undefined)).toThrow(message);
  });
});

describe("stakeout run --limit", () => {
  test("is in force, and the summary says how often it was reached", async () => {
    const folder = tempFolder();
    const at = (name: string): string => join(folder, name);
    writeFileSync(
      at("rule.ts"),
      `import { defineRule } from "stakeout";
export default defineRule({ id: "Test.Rule", logTypes: ["AWS.CloudTrail"], severity: "low",
  rule: () => { console.log("x".repeat(60)); return true; }, title: (event) => event.eventName });`,
    );
    const lines = Array.from({ length: 5 }, (_, number) =>
      JSON.stringify({
        eventTime: `2026-01-01T00:00:0${number}Z`,
        eventSource: "s3.amazonaws.com",
        eventName: `Call${number}`,
      }),
    );
    writeFileSync(at("events.ndjson"), `${lines.join("\n")}\n`);
    const files = ["--rules", at("rule.ts"), "--input", at("events.ndjson"), "--state", at("s.db")];
    const limits = ["--limit", "alertsPerHourMax=2", "--limit", "printBytesMax=10"];
    const { status, stderr } = await run([...files, ...limits, "--alerts", at("alerts.jsonl"), "--json"]);
    expect(status).toBe(0);
    const summary = JSON.parse(stderr.trimEnd().split("\n").at(-1) ?? "") as object;
    expect(summary).toMatchObject({
      alerts: 3,
      matches: { "Test.Rule": 5 },
      limits: { alertsPerHourMax: 3 },
    });
    expect(stderr.match(/stakeout: 51 bytes were not shown/g)).toHaveLength(5);
    expect(await cli(["state", "check", at("s.db")])).toMatchObject({ status: 0 });
  });

  test("is refused when there is no such limit", async () => {
    const { status, stderr } = await cli(["run", "--limit", "keyByteMax=1"]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/did you mean keyBytesMax\?/);
  });
});

const bin = join(import.meta.dirname, "../../bin/stakeout");

async function run(
  args: readonly string[],
): Promise<{ readonly status: number | null; readonly stderr: string }> {
  const child = spawn(bin, ["run", ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stderr };
}
