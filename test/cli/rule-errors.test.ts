import { join } from "node:path";

import { beforeEach, describe, expect, test } from "vitest";

import { createRuleErrorBook } from "../../src/alerts/rule-errors.ts";
import { openState } from "../../src/config/open-state.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { cli, tempFolder, wallMs, type CliResult } from "./fixtures.ts";

let file = "";
beforeEach(() => {
  file = join(tempFolder(), "state.db");
});

interface Thrown {
  readonly ruleId?: string;
  readonly error?: unknown;
}

/** Leaves a state file as a run in which rules threw. */
async function runWith(...thrown: readonly Thrown[]): Promise<void> {
  const store = openState(file);
  const book = createRuleErrorBook({ store, limits: defaultLimits });
  await book.load();
  for (const { ruleId = "A.Rule", error = new TypeError("x is not a function") } of thrown) {
    const position = { source: "files", stream: "/logs/a.ndjson", offset: 42 };
    book.record({ ruleId, function: "rule", error, clockMs: wallMs, position, event: () => ({ n: 1 }) });
  }
  await store.commit({ clockMs: wallMs, positions: [], entries: book.takeWrites() });
  await store.close();
}

function errors(...args: readonly string[]): Promise<CliResult> {
  return cli(["errors", ...args, "--state", file]);
}

describe("errors list", () => {
  test("shows a line for each group with its count", async () => {
    await runWith({}, {}, { ruleId: "B.Rule", error: new RangeError("too far\nsecond line") });
    const { status, stdout } = await errors("list");
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^A\.Rule +rule +TypeError +2 +2026-03-02T12:00:00Z +x is not a function$/);
    expect(lines[2]).toMatch(/^B\.Rule .* too far$/);
  });

  test("as JSON has a line for each group", async () => {
    await runWith({}, { ruleId: "B.Rule" });
    const groups = (await errors("list", "--json")).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(groups).toMatchObject([{ ruleId: "A.Rule", count: 1 }, { ruleId: "B.Rule" }]);
  });

  test("without any says so on standard error", async () => {
    await runWith();
    expect(await errors("list")).toEqual({ status: 0, stdout: "", stderr: "No rule errors.\n" });
  });
});

describe("errors show", () => {
  test("shows stack, place and event of one rule's errors", async () => {
    await runWith({}, { ruleId: "B.Rule" });
    const { status, stdout } = await errors("show", "A.Rule");
    expect(status).toBe(0);
    for (const shown of [
      "A.Rule rule(): TypeError",
      "rule-errors.test.ts",
      "/logs/a.ndjson offset 42",
      '{"n":1}',
    ]) {
      expect(stdout).toContain(shown);
    }
    expect(stdout).not.toContain("B.Rule");
  });

  test("never sends control characters to the screen", async () => {
    await runWith({ error: new Error("evil\u001b[2J") });
    expect((await errors("show", "A.Rule")).stdout).toContain("evil\\x1b[2J");
  });

  test("of a rule without errors is an error", async () => {
    await runWith();
    const { status, stderr } = await errors("show", "A.Rule");
    expect(status).toBe(1);
    expect(stderr).toContain("no errors of a rule A.Rule");
  });
});
