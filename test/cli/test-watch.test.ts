import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { describe, expect, test } from "vitest";

import { watchTests } from "../../src/cli/test-watch.ts";
import type { RunEnd } from "../../src/cli/test.ts";
import { StakeoutError } from "../../src/core/errors.ts";
import type { PlannedTests } from "../../src/testing/rule-tests/plan.ts";
import { tempFolder, wallMs } from "./fixtures.ts";
import { createPlan, manifestOf } from "./test-fixtures.ts";

interface Watching {
  readonly path: (name: string) => string;
  readonly write: (name: string) => void;
  /** Ids of the rules of each run, in order; a promise of the next one. */
  readonly nextRun: () => Promise<readonly string[] | "all">;
  readonly press: (key: string) => void;
  readonly status: Promise<number>;
  readonly screen: () => string;
}

/** Watches a folder with rules a and b, both of which import c. `outcomes`: what the runs come to. */
function startWatching(outcomes: readonly Partial<RunEnd>[] = []): Watching {
  const folder = tempFolder();
  const path = (name: string): string => join(folder, name);
  mkdirSync(path("lib"));
  for (const name of ["a.ts", "b.ts"]) writeFileSync(path(name), 'import "./lib/c.ts";\n');
  writeFileSync(path("lib/c.ts"), "export {};\n");
  const plan = createPlan(["a", "b"].map((id) => manifestOf(id, { file: path(`${id}.ts`) })));
  const runs = new PassThrough({ objectMode: true });
  const iterator = runs[Symbol.asyncIterator]();
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY: true });
  const [...left] = outcomes;
  const status = watchTests({
    paths: [folder],
    ignored: [],
    io: {
      stdin,
      stdout,
      stderr: new PassThrough().resume(),
      clock: { nowMs: () => wallMs, monotonicMs: () => 0 },
    },
    run: async (choose) => {
      const end = { status: 0, planned: plan, ...left.shift() };
      const chosen = choose(end.planned);
      runs.write(chosen === undefined ? "all" : [...chosen]);
      return end;
    },
  });
  return {
    path,
    write: (name) => writeFileSync(path(name), 'import "./lib/c.ts";\n// changed\n'),
    nextRun: async () => (await iterator.next()).value as readonly string[] | "all",
    press: (key) => stdin.write(key),
    status,
    screen: () => String(stdout.read() ?? ""),
  };
}

test("runs everything, then what changes concern, until q is pressed", async () => {
  const { nextRun, write, press, status, screen } = startWatching();
  expect(await nextRun()).toBe("all");
  expect(screen()).toBe("");
  write("a.ts");
  expect(await nextRun()).toEqual(["a"]);
  expect(screen()).toBe("\u001b[2J\u001b[3J\u001b[H");
  write("lib/c.ts");
  expect(await nextRun()).toEqual(["a", "b"]);
  press("q");
  expect(await status).toBe(0);
});

describe("ends with the status of the last run", () => {
  test.each(["q", "\u0003", "\u0004"])("at %j", async (key) => {
    const { nextRun, write, press, status } = startWatching([{ status: 0 }, { status: 1 }]);
    await nextRun();
    write("b.ts");
    expect(await nextRun()).toEqual(["b"]);
    press(key);
    expect(await status).toBe(1);
  });
});

test("at a signal", async () => {
  const { nextRun, status } = startWatching();
  await nextRun();
  process.emit("SIGTERM");
  expect(await status).toBe(0);
});

test("what changed while a file was broken is looked at once it is mended", async () => {
  const broken: PlannedTests = {
    ...createPlan([]),
    problems: [{ file: "/x/a.ts", line: 1, message: "syntax error" }],
  };
  const { nextRun, write, press, status } = startWatching([{}, { status: 2, planned: broken }]);
  await nextRun();
  write("a.ts");
  await nextRun();
  write("b.ts");
  expect(await nextRun()).toEqual(["a", "b"]);
  press("q");
  await status;
});

test("after a first run that could not look at anything, everything is run", async () => {
  const broken: PlannedTests = {
    ...createPlan([]),
    problems: [{ file: "/x/a.ts", line: 1, message: "syntax error" }],
  };
  const { nextRun, write, press, status } = startWatching([{ status: 2, planned: broken }]);
  await nextRun();
  write("a.ts");
  expect(await nextRun()).toBe("all");
  press("q");
  await status;
});

test("a path that does not exist is a usage error", async () => {
  const watching = watchTests({
    paths: [join(tempFolder(), "missing")],
    ignored: [],
    io: {
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      clock: { nowMs: () => wallMs, monotonicMs: () => 0 },
    },
    run: async () => ({ status: 0, planned: createPlan([]) }),
  });
  await expect(watching).rejects.toThrow(StakeoutError);
  await expect(watching).rejects.toMatchObject({ code: "USAGE" });
});
