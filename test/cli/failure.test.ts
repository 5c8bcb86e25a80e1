import { PassThrough, Readable } from "node:stream";

import { describe, expect, test } from "vitest";

import { reportFailure } from "../../src/cli/failure.ts";
import { StakeoutError, type ErrorCode } from "../../src/core/errors.ts";

interface Report {
  readonly status: number;
  readonly stderr: string;
}

function report(error: unknown, { debug = false, terminal = false } = {}): Report {
  const stderr = Object.assign(new PassThrough(), { isTTY: terminal, getColorDepth: () => 8 });
  const io = {
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    stderr,
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
  };
  const status = reportFailure(error, io, debug);
  return { status, stderr: String(stderr.read() ?? "") };
}

test("a known error is one line without a stack", () => {
  const error = new StakeoutError("STATE_FILE_LOCKED", "The file is in use.");
  expect(report(error)).toEqual({ status: 1, stderr: "stakeout: The file is in use.\n" });
});

test("with --debug its code, stack and cause are shown", () => {
  const error = new StakeoutError("OUTPUT_UNWRITABLE", "No.", { cause: new Error("disk on fire") });
  const { stderr } = report(error, { debug: true });
  expect(stderr).toContain("OUTPUT_UNWRITABLE");
  expect(stderr).toContain("failure.test.ts");
  expect(stderr).toContain("Caused by: Error: disk on fire");
});

test("an unknown error always shows its stack", () => {
  const { status, stderr } = report(new TypeError("x is not a function"));
  expect(status).toBe(1);
  expect(stderr).toContain("unexpected error");
  expect(stderr).toContain("failure.test.ts");
});

test("something thrown that is no error is shown as it is", () => {
  expect(report("just text").stderr).toContain("just text");
});

test("a reader that has gone is no failure", () => {
  const error = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  expect(report(error)).toEqual({ status: 0, stderr: "" });
});

test("control characters in a message do not reach the terminal", () => {
  const { stderr } = report(new StakeoutError("NOT_FOUND", "no \u001b[2Jkey\nsecond line"));
  expect(stderr).toBe("stakeout: no \\x1b[2Jkey\nsecond line\n");
});

describe("exit status", () => {
  test.each<[ErrorCode, number]>([
    ["USAGE", 2],
    ["RULES_INVALID", 2],
    ["LOG_TYPES_INVALID", 2],
    ["NODE_TOO_OLD", 2],
    ["INPUT_NOT_FOUND", 2],
    ["NOT_FOUND", 1],
  ])("of %s is %i", (code, status) => {
    expect(report(new StakeoutError(code, "…")).status).toBe(status);
  });
});
