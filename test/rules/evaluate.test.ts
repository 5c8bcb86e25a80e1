import { describe, expect, test } from "vitest";
import { checkRuleAnswer } from "../../src/rules/evaluate.ts";
import { loadedRule } from "./fixtures.ts";

describe("checkRuleAnswer", () => {
  test("passes true and false on", () => {
    expect(checkRuleAnswer(loadedRule(), true)).toBe(true);
    expect(checkRuleAnswer(loadedRule(), false)).toBe(false);
  });

  const answers: readonly (readonly [unknown, string])[] = [
    [undefined, "undefined"],
    [null, "null"],
    [1, "the number 1"],
    [0, "the number 0"],
    ["", '""'],
    ["yes", '"yes"'],
    ["x".repeat(61), "a text of 61 characters"],
    [[1, 2], "a list of 2"],
    [{}, "an object"],
    [() => true, "a function"],
    [10n, "the bigint 10"],
  ];
  test.each(answers)("refuses %o, naming the rule and the answer", (answer, words) => {
    expect(() => checkRuleAnswer(loadedRule(), answer)).toThrow(
      expect.objectContaining({
        code: "RULE_RESULT_INVALID",
        message: `Rule Test.Rule: rule() must answer true or false, not ${words}.`,
        fields: { rule: "Test.Rule", function: "rule" },
      }),
    );
  });
});
