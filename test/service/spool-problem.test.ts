import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { spoolProblem } from "../../src/service/spool-problem.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "stakeout-spool-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("a folder with room has none", () => {
  expect(spoolProblem(folder(), 1)).toBeUndefined();
});

test("less room than a request may need is one", () => {
  expect(spoolProblem(folder(), Number.MAX_SAFE_INTEGER)).toMatch(
    /cannot take a request of the largest size: \d+ bytes/,
  );
});

test("a folder that is gone is one", () => {
  expect(spoolProblem(join(folder(), "gone"), 1)).toMatch(/^The spool cannot be written: ENOENT/);
});
