import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

import { describe, expect, test } from "vitest";

import { renderTrace } from "../../src/cli/render-trace.ts";
import type { JsonValue } from "../../src/core/json.ts";
import type { TracedCondition, TracedOperation } from "../../src/testing/rule-tests/model.ts";
import { tempFolder } from "./fixtures.ts";

type Part = TracedCondition["parts"][number];

function condition(overrides: Partial<TracedCondition> = {}): TracedCondition {
  const parts: Part[] = [{ text: "a", value: 1 }];
  return { eventIndex: 0, file: "/gone/rule.ts", line: 7, text: "a === 1", value: true, parts, ...overrides };
}

function operation(overrides: Partial<TracedOperation> = {}): TracedOperation {
  return {
    eventIndex: 0,
    operation: "incrementCounter",
    key: "key",
    arguments: [1],
    result: 2,
    error: null,
    atMs: Date.UTC(2026, 0, 1),
    ...overrides,
  };
}

function at(eventIndex: number, value: boolean): TracedCondition {
  return condition({ eventIndex, value });
}

function rendered(
  conditions: readonly TracedCondition[],
  operations: readonly TracedOperation[] = [],
): readonly string[] {
  const text = renderTrace({ conditions, operations }, { color: false });
  return text.split("\n").slice(0, -1);
}

const undefinedValue: JsonValue = { $: "undefined" };

describe("a condition", () => {
  test("shows its source line with the values beside it", () => {
    const file = join(tempFolder(), "rule.ts");
    writeFileSync(file, 'first\n  if (event.code !== "Denied") return false;\n');
    const parts = [{ text: "event.code", value: undefinedValue }];
    const code = condition({ file, line: 2, text: 'event.code !== "Denied"', parts });
    const answer = condition({ file, line: 2, text: "return false", value: false, parts: [] });
    expect(rendered([code, answer])).toEqual([
      `  ${file}`,
      '     2  if (event.code !== "Denied") return false;   → event.code = undefined → true',
    ]);
  });

  test("shows its own text where the file is gone or the condition takes several lines", () => {
    const file = join(tempFolder(), "rule.ts");
    writeFileSync(file, "if (\n a === 1 &&\n b) {}");
    expect(rendered([condition()])[1]).toBe("     7  a === 1   → a = 1 → true");
    expect(rendered([condition({ file, line: 2, text: "a === 1 && b" })])[1]).toContain(
      "2  a === 1 && b   →",
    );
  });

  test("takes in those of its operands", () => {
    const not = condition({ text: "!b", value: false, parts: [{ text: "b", value: "x" }] });
    const inner = condition({ line: 90, text: "c > 0", parts: [{ text: "c", value: 2 }] });
    const whole = condition({
      text: "a === 1 && !b",
      value: false,
      parts: [
        { text: "a === 1", value: true },
        { text: "!b", value: false },
      ],
    });
    expect(rendered([condition(), inner, not, whole])).toEqual([
      "  /gone/rule.ts",
      "    90  c > 0   → c = 2 → true",
      '     7  a === 1 && !b   → a = 1, b = "x" → false',
    ]);
  });

  test("that came to the same again is shown once, with how often", () => {
    const other = condition({ value: false, parts: [{ text: "a", value: 2 }] });
    expect(rendered([condition(), other, condition()])).toEqual([
      "  /gone/rule.ts",
      "     7  a === 1   → a = 1 → true (2 times)",
      "     7  a === 1   → a = 2 → false",
    ]);
  });

  test("that is a variable by itself shows its value once", () => {
    const parts = [{ text: "a", value: null }];
    expect(rendered([condition({ text: "a", value: null, parts })])[1]).toBe("     7  a   → null");
  });

  test("puts many values onto a line of their own", () => {
    const parts = [{ text: "event.userIdentity?.sessionContext?.sessionIssuer?.arn", value: "x".repeat(60) }];
    expect(rendered([condition({ parts })])[2]).toMatch(/^ {12}→ event\.userIdentity/);
  });

  test("brings nothing to the terminal that an event has hidden in it", () => {
    const parts = [{ text: "a", value: { $: "Set(1) { '\u001b[31m\u202e' }" } }];
    expect(rendered([condition({ parts, value: "\u009b1m" })])[1]).toBe(
      "     7  a === 1   → a = Set(1) { '\\x1b[31m\\u202e' } → \"\\x9b1m\"",
    );
  });
});

describe("a state operation", () => {
  test("shows engine time, key, arguments and result", () => {
    expect(rendered([], [operation()])).toEqual([
      "  state",
      '    2026-01-01T00:00:00.000Z  incrementCounter("key", 1) → 2',
    ]);
  });

  test("shows no result where there is none, and what it threw", () => {
    const [, put, failed] = rendered(
      [],
      [
        operation({ operation: "putStringSet", arguments: [["a"]], result: null }),
        operation({ result: null, error: "too\u001bmuch" }),
      ],
    );
    expect(put).toMatch(/putStringSet\("key", \["a"\]\)$/);
    expect(failed).toMatch(/incrementCounter\("key", 1\) threw too\\x1bmuch$/);
  });

  test("cuts what is long", () => {
    const line = rendered([], [operation({ result: "x".repeat(1000) })])[1] ?? "";
    expect(line.length).toBeLessThan(400);
    expect(line).toMatch(/x…$/);
  });
});

describe("several events", () => {
  test("stand below headings of their own", () => {
    expect(rendered([at(0, true), at(1, false)]).filter((line) => line.startsWith("event"))).toEqual([
      "event 1",
      "event 2",
    ]);
  });

  test("that went the same way are shown first and last", () => {
    const lines = rendered([...Array.from({ length: 9 }, (_, index) => at(index, true)), at(9, false)]);
    expect(lines.filter((line) => /event/.test(line))).toEqual([
      "event 1",
      "  … events 2 to 8: the same lines and decisions",
      "event 9",
      "event 10",
    ]);
  });

  test("one of which is between them are counted as one", () => {
    const lines = rendered([at(3, true), at(4, true), at(5, true)]);
    expect(lines.filter((line) => /event/.test(line))).toEqual([
      "event 4",
      "  … event 5: the same lines and decisions",
      "event 6",
    ]);
  });
});

test("nothing to show is no text", () => {
  expect(renderTrace({ conditions: [], operations: [] }, { color: true })).toBe("");
});

test("many conditions are cut with their number", () => {
  const many = Array.from({ length: 250 }, (_, line) => condition({ line }));
  expect(rendered(many).at(-1)).toBe("        … and 50 more conditions");
  expect(rendered(many).length).toBe(202);
});

test("colour changes nothing but colour", () => {
  const trace = { conditions: [condition()], operations: [operation()] };
  const colored = renderTrace(trace, { color: true });
  expect(colored).toContain("\u001b[");
  expect(stripVTControlCharacters(colored)).toBe(renderTrace(trace, { color: false }));
});
