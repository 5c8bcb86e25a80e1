import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../../../src/core/json.ts";
import { compileExtras, problemsOfExtras, valuePart, yamlPart } from "./fixtures.ts";

test("a detection defines the functions that it has keys for", () => {
  expect([...compileExtras({}).functions]).toEqual([]);
  const all = compileExtras({
    alertTitle: "a",
    alertContext: valuePart([]),
    groupBy: valuePart([{ Key: "a" }]),
    dynamicSeverities: valuePart([]),
  });
  expect([...all.functions].sort()).toEqual(["alertContext", "dedup", "severity", "title"]);
});

test("a function that it does not define answers nothing", () => {
  expect(compileExtras({}).call("runbook", {})).toBeUndefined();
});

describe("AlertTitle", () => {
  function title(alertTitle: string, event: JsonObject): unknown {
    return compileExtras({ alertTitle }).call("title", event);
  }

  test("puts values in the place of paths", () => {
    const event = { user: { name: "ann" }, ips: ["1.1.1.1", "2.2.2.2"] };
    expect(title("{user.name} from {ips[1]}!", event)).toBe("ann from 2.2.2.2!");
  });

  test("may hold no path", () => {
    expect(title("No path", { a: 1 })).toBe("No path");
  });

  test.each<[JsonValue, string]>([
    ["text {b}", "text {b}"],
    [1.5, "1.5"],
    [true, "True"],
    [false, "False"],
    [null, "None"],
    [["x", 1], '["x",1]'],
    [{ x: null }, '{"x":null}'],
  ])("shows %j as %s", (a, expected) => {
    expect(title("{a}", { a, b: "other" })).toBe(expected);
  });

  test("shows a missing value as None", () => {
    expect(title("[{a.b}]", {})).toBe("[None]");
  });

  test.each(["{}", "{a", "a {b} {c.}", "{{a}"])("%j is a problem", (alertTitle) => {
    expect(problemsOfExtras({ alertTitle })).toEqual([
      expect.stringMatching(/^0: AlertTitle: "\{.*is not a path/),
    ]);
  });
});

describe("AlertContext", () => {
  test("gives values under names of their own", () => {
    const alertContext = yamlPart(`
- {KeyName: who, KeyValue: {KeyPath: user.name}}
- {KeyName: all, KeyValue: {Key: user}}
- {KeyName: nobody, KeyValue: {DeepKey: [user, id]}}
- {KeyName: __proto__, KeyValue: {Key: user}}
`);
    const user = { name: "ann" };
    const context = compileExtras({ alertContext }).call("alertContext", { user });
    expect(JSON.stringify(context)).toBe(
      '{"who":"ann","all":{"name":"ann"},"nobody":null,"__proto__":{"name":"ann"}}',
    );
  });

  test("reports every entry that is wrong", () => {
    const alertContext = yamlPart(`
- {KeyName: a}
- {KeyValue: {Key: a}}
- {KeyName: b, KeyValue: {Key: a}}
- {KeyName: b, KeyValue: {Key: a}}
- {KeyName: c, KeyValue: {Key: a, Condition: Exists}}
- {KeyName: d, KeyValue: {}, Extra: 1}
- {KeyName: e, KeyValue: {KeyPath: a..b}}
- {KeyName: '', KeyValue: {Key: a}}
- text
`);
    expect(problemsOfExtras({ alertContext })).toEqual([
      "2: An entry of AlertContext needs KeyValue: a Key, DeepKey or KeyPath.",
      "3: An entry of AlertContext needs KeyName, a text.",
      '5: AlertContext has two entries named "b".',
      expect.stringMatching(/^6: "Condition" is not a key of a key specifier\./),
      expect.stringMatching(/^7: "Extra" is not a key of an entry of AlertContext\./),
      "7: This needs exactly one of Key, DeepKey, KeyPath, and it has none.",
      expect.stringMatching(/^8: "a\.\.b" is not a path\./),
      '9: KeyName must be a text that is not empty, not "".',
      "10: An entry of AlertContext needs KeyName, a text.",
      "10: An entry of AlertContext needs KeyValue: a Key, DeepKey or KeyPath.",
    ]);
  });

  test("must be a list", () => {
    expect(problemsOfExtras({ alertContext: yamlPart("KeyName: a") })).toEqual([
      "1: AlertContext must be a list, not an object.",
    ]);
  });
});

describe("GroupBy", () => {
  function dedup(keys: JsonValue, event: JsonObject): unknown {
    return compileExtras({ groupBy: valuePart(keys) }).call("dedup", event);
  }

  test.each<[JsonObject, string]>([
    [{ ip: "1.1.1.1" }, "1.1.1.1"],
    [{ ip: 5 }, "5"],
    [{ ip: ["1.1.1.1"] }, '["1.1.1.1"]'],
    [{}, "None"],
  ])("is the value of its only key: %j", (event, expected) => {
    expect(dedup([{ KeyPath: "ip" }], event)).toBe(expected);
  });

  test("is the list of the values of several keys", () => {
    expect(dedup([{ Key: "a" }, { KeyPath: "b.c" }, { Key: "d" }], { a: "x", b: { c: 1 } })).toBe(
      '["x",1,null]',
    );
  });

  test("keeps values apart that only differ in where they are cut", () => {
    const keys = [{ Key: "a" }, { Key: "b" }];
    expect(dedup(keys, { a: "x,y", b: "z" })).not.toBe(dedup(keys, { a: "x", b: "y,z" }));
  });

  test("leaves the dedup key to the title where it is empty", () => {
    expect(compileExtras({ groupBy: valuePart([]) }).functions.has("dedup")).toBe(false);
  });

  test("reports what is not a key", () => {
    expect(problemsOfExtras({ groupBy: yamlPart("- {KeyPath: a}\n- a\n- {Key: ''}\n- {Path: a}") })).toEqual([
      "2: This needs exactly one of Key, DeepKey, KeyPath, and it has none.",
      '3: Key must be a text that is not empty, not "".',
      '4: "Path" is not a key of a key specifier. Known keys: Key, DeepKey, KeyPath.',
      "4: This needs exactly one of Key, DeepKey, KeyPath, and it has none.",
    ]);
  });
});

describe("DynamicSeverities", () => {
  const dynamicSeverities = yamlPart(`
- ChangeTo: Critical
  Conditions:
    - {Key: user, Condition: Equals, Value: root}
    - {Key: mfa, Condition: Equals, Value: false}
- ChangeTo: LOW
  Conditions: [{Key: user, Condition: Equals, Value: root}]
`);

  test.each<[JsonObject, string]>([
    [{ user: "root", mfa: false }, "Critical"],
    [{ user: "root", mfa: true }, "LOW"],
    [{ user: "ann", mfa: false }, "DEFAULT"],
  ])("takes the first entry that applies: %j", (event, expected) => {
    expect(compileExtras({ dynamicSeverities }).call("severity", event)).toBe(expected);
  });

  test("reports every entry that is wrong", () => {
    const part = yamlPart(`
- {ChangeTo: Urgent, Conditions: [{Condition: AlwaysTrue}]}
- {Conditions: [{Condition: AlwaysTrue}]}
- {ChangeTo: Low}
- {ChangeTo: Low, Conditions: []}
- {ChangeTo: Low, Conditions: [{Condition: AlwaysTru}], Note: x}
- {ChangeTo: Low, Conditions: {Condition: AlwaysTrue}}
`);
    expect(problemsOfExtras({ dynamicSeverities: part })).toEqual([
      '2: ChangeTo must be one of info, low, medium, high, critical, not "Urgent".',
      "3: An entry of DynamicSeverities needs ChangeTo, a severity.",
      "4: An entry of DynamicSeverities needs Conditions, a list.",
      "5: Conditions is empty, so this severity would always apply. Set Severity instead.",
      expect.stringMatching(/^6: "Note" is not a key of an entry of DynamicSeverities\./),
      '6: There is no condition "AlwaysTru". Did you mean AlwaysTrue?',
      "7: This must be a list of expressions, not an object.",
    ]);
  });
});
