import { expect, test } from "vitest";

import { describeThrown } from "../../src/alerts/thrown.ts";

test("an error's class, message and stack", () => {
  const error = new RangeError("too far");
  expect(describeThrown(error)).toEqual({ type: "RangeError", message: "too far", stack: error.stack });
});

test.each([
  ["text", "thrown string", "text"],
  [undefined, "thrown undefined", "undefined"],
  [Symbol("s"), "thrown symbol", "Symbol(s)"],
  [{ a: 1 }, "thrown object", "[object Object]"],
])("something else that is thrown: %o", (thrown, type, message) => {
  expect(describeThrown(thrown)).toEqual({ type, message, stack: "" });
});

test("what fails when it is read is still described", () => {
  const hostile = new Error("x");
  Object.defineProperty(hostile, "message", {
    get: () => {
      throw new Error("gotcha");
    },
  });
  expect(describeThrown(hostile).type).toBe("unreadable");
  expect(describeThrown(Object.create(null)).type).toBe("unreadable");
});

test("properties of the wrong type", () => {
  const error = Object.assign(new Error("x"), { name: 7, stack: undefined, code: 5 });
  expect(describeThrown(error)).toEqual({ type: "Error", message: "x", stack: "" });
});

test("long texts are cut", () => {
  const error = Object.assign(new Error("m".repeat(10_000)), { name: "n".repeat(10_000) });
  error.stack = "s".repeat(100_000);
  const { type, message, stack } = describeThrown(error);
  expect([type.length, message.length, stack.length]).toEqual([101, 2001, 8001]);
});

test("keeps the frames of the rule's own code only", () => {
  const engine = new URL("../../src/", import.meta.url).pathname;
  const error = new TypeError("boom");
  error.stack = [
    "TypeError: boom",
    `    at perform (file://${engine}state/evaluation.ts:1:1)`,
    "    at helper (file:///rules/shared.ts:3:9)",
    "    at rule (file:///rules/a.ts:7:3)",
    `    at Step.run (file://${engine}engine/step.ts:1:1)`,
    "    at process.processTicksAndRejections (node:internal/process/task_queues:1:1)",
  ].join("\n");
  expect(describeThrown(error).stack).toBe(
    "TypeError: boom\n    at helper (file:///rules/shared.ts:3:9)\n    at rule (file:///rules/a.ts:7:3)",
  );
});
