import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, test } from "vitest";

import { tempFolder } from "./fixtures.ts";

const bin = join(import.meta.dirname, "../../bin/stakeout");

let folder: string;
beforeEach(() => void (folder = tempFolder()));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

/** A rule that runs in a circle on events with the name `Loop`, with a test of that. */
function loopingRule(): void {
  write(
    "rule.ts",
    `import { defineRule } from "stakeout";
export default defineRule({ id: "Test.Loop", logTypes: ["AWS.CloudTrail"], severity: "low",
  rule(event) {
    while (event.eventName === "Loop");
    return true;
  },
  tests: [
    { name: "matches", event: { eventName: "Other" }, expect: { matches: true } },
    { name: "goes round", event: { eventName: "Loop" }, expect: { matches: true } },
  ],
});`,
  );
}

async function run(
  command: string,
  budget: string,
  args: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const child = spawn(bin, [command, ...args, "--rule-budget", budget], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stderr };
}

describe("a rule that does not end", () => {
  test.each([
    ["in the thread of the command", [], /, at rule\.ts:4\n/],
    ["in a thread of its own", ["--workers", "2"], /--rule-budget allows more time/],
  ])("ends the tests %s, which name it", async (_, args, advice) => {
    loopingRule();
    const { code, stderr } = await run("test", "500ms", [".", ...args]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/the test "goes round" of rule Test\.Loop has not ended after 0\.5 s/);
    expect(stderr).toMatch(advice);
  });

  test("ends explain, which says where", async () => {
    loopingRule();
    const event = { eventName: "Loop", eventSource: "s3.amazonaws.com", eventTime: "2026-01-01T00:00:00Z" };
    write("event.json", JSON.stringify(event));
    const { code, stderr } = await run("explain", "500ms", [
      "Test.Loop",
      "--rules",
      ".",
      "--event",
      "event.json",
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/rule Test\.Loop has not ended after 0\.5 s, at rule\.ts:4\n/);
  });
});

test.each([
  ["check", ["--rules", "."]],
  ["test", ["."]],
])("a file that does not finish loading ends %s, which says where", async (command, args) => {
  write(
    "rule.ts",
    `import { defineRule } from "stakeout";\nfor (;;) Math.random();\nexport default defineRule({});\n`,
  );
  const { code, stderr } = await run(command, "100ms", args);
  expect(code).toBe(1);
  expect(stderr).toMatch(/loading the rules has not ended after 0\.4 s, at rule\.ts:2\n/);
});
