import { StakeoutError } from "../core/errors.ts";
import { describeValue } from "./describe-value.ts";
import type { LoadedRule } from "./runtime.ts";

/**
 * What a rule's `rule` function answered, promises already awaited, as a boolean. Anything but exactly `true` or `false`
 * throws `RULE_RESULT_INVALID`: a truthy value is more often a mistake than a match.
 */
export function checkRuleAnswer(rule: LoadedRule, answer: unknown): boolean {
  if (typeof answer === "boolean") return answer;
  const { id } = rule.manifest;
  throw new StakeoutError(
    "RULE_RESULT_INVALID",
    `Rule ${id}: rule() must answer true or false, not ${describeValue(answer)}.`,
    { fields: { rule: id, function: "rule" } },
  );
}
