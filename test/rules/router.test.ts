import { describe, expect, test } from "vitest";
import { createRouter } from "../../src/rules/router.ts";
import { loadedRule } from "./fixtures.ts";

describe("createRouter", () => {
  test("gives each log type its rules in code unit order of their ids", () => {
    const rules = ["b", "a", "B", "ä"].map((id) => loadedRule({}, { id, logTypes: ["One"] }));
    const ids = createRouter(rules)
      .rulesFor("One")
      .map(({ manifest }) => manifest.id);
    expect(ids).toEqual(["B", "a", "b", "ä"]);
  });

  test("gives a rule to each of its log types", () => {
    const rule = loadedRule({}, { logTypes: ["One", "Two"] });
    const router = createRouter([rule]);
    expect(router.rulesFor("One")).toEqual([rule]);
    expect(router.rulesFor("Two")).toEqual([rule]);
  });

  test("leaves out rules that are not enabled", () => {
    expect(createRouter([loadedRule({}, { enabled: false })]).rulesFor("Test.Log")).toEqual([]);
  });

  test("has no rules for an unknown log type, whatever its name", () => {
    const router = createRouter([loadedRule()]);
    for (const logType of ["Other", "", "__proto__", "constructor"]) {
      expect(router.rulesFor(logType)).toEqual([]);
    }
  });

  test("leaves the order of the given list alone", () => {
    const rules = [loadedRule({}, { id: "b" }), loadedRule({}, { id: "a" })];
    createRouter(rules);
    expect(rules.map(({ manifest }) => manifest.id)).toEqual(["b", "a"]);
  });
});
