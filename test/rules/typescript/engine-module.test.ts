import { describe, expect, test } from "vitest";
import * as engine from "../../../src/index.ts";
import { StakeoutError } from "../../../src/core/errors.ts";
import type { LoadedRule } from "../../../src/rules/runtime.ts";
import { Evaluation } from "../../../src/state/evaluation.ts";
import { createMemoryStore } from "../../../src/state/memory/memory-store.ts";
import { event, ruleText, withRules } from "../fixtures.ts";

const engineMs = Date.UTC(2001, 0, 1);

/** Asks the rule about an empty event as a lane does. */
async function evaluate(rule: LoadedRule | undefined): Promise<unknown> {
  const evaluation = new Evaluation(createMemoryStore());
  evaluation.begin("Test.Rule", event().position, engineMs);
  try {
    const answer = rule?.rule(event());
    return answer instanceof Promise ? await evaluation.waitFor(answer) : answer;
  } finally {
    evaluation.end();
  }
}

describe('import from "stakeout"', () => {
  test("gives the running engine, not a second one", async () => {
    using folder = withRules({
      "a.ts": `import * as engine from "stakeout";\n${ruleText("A", "tests: engine,")}\nexport { engine };`,
      "b.ts": `import { defineRule, getCounter, StakeoutError } from "stakeout";
export default defineRule({
  id: "B", logTypes: ["L"], severity: "low", rule: () => true, alertContext: () => ({ getCounter, StakeoutError }),
});`,
    });
    const { rules, problems } = await folder.load();
    expect(problems).toEqual([]);
    expect(rules[1]?.call("alertContext", event())).toEqual({ getCounter: engine.getCounter, StakeoutError });
  });

  test("gives the names that the documentation lists", () => {
    expect(Object.keys(engine).sort()).toEqual([
      "StakeoutError",
      "addToStringSet",
      "defineRule",
      "evaluateThreshold",
      "getCounter",
      "getDictionary",
      "getStringSet",
      "incrementCounter",
      "now",
      "putDictionary",
      "putStringSet",
      "removeFromStringSet",
      "resetCounter",
      "resetStringSet",
      "setKeyExpiration",
    ]);
  });

  test("lets a rule act on the evaluation under way", async () => {
    using folder = withRules({
      "a.ts": `import { defineRule, incrementCounter } from "stakeout";
export default defineRule({
  id: "A", logTypes: ["L"], severity: "low",
  async rule() {
    await Promise.resolve();
    await incrementCounter("key");
    return (await incrementCounter("key", 2)) === 3;
  },
});`,
    });
    expect(await evaluate((await folder.load()).rules[0])).toBe(true);
  });

  test("shows a rule the engine clock", async () => {
    using folder = withRules({
      "a.ts": `import { defineRule, now } from "stakeout";
const started = Date.now();
export default defineRule({
  id: "A", logTypes: ["L"], severity: "low",
  rule: () => ({ now: now().getTime(), date: Date.now(), started: started > ${engineMs} }) as any,
});`,
    });
    expect(await evaluate((await folder.load()).rules[0])).toEqual({
      now: engineMs,
      date: engineMs,
      started: true,
    });
  });
});
