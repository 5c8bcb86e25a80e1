import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { planTests } from "../../../src/testing/rule-tests/plan.ts";
import { folderOf, planOf, ruleText, shown } from "./fixtures.ts";

const passing = "[{ name: one, event: { a: 1 }, expect: false }]";

/** Problems of a test file beside a rule. */
async function problemsOf(
  yaml: string,
  files: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const { problems } = await planOf({ "rule.ts": ruleText(), "rule.test.yaml": yaml, ...files });
  return shown(problems);
}

describe("where tests are found", () => {
  test("in the rule and beside it, in YAML and TypeScript, rules in order of their ids", async () => {
    const planned = await planOf({
      "b.ts": ruleText({ id: "B", fields: 'tests: [{ name: "inside", event: { a: 1 }, expect: false }],' }),
      "b.test.yaml": passing,
      "b.test.ts": 'export default [{ name: "typed", event: { a: 1 }, expect: false }];',
      "deep/a.ts": ruleText({ id: "A" }),
      "deep/a.test.yml": passing,
      "c.ts": ruleText({ id: "C" }),
    });
    expect(shown(planned.problems)).toEqual([]);
    expect(planned.tests.map(({ ruleId, name }) => `${ruleId} ${name}`)).toEqual([
      "A one",
      "B inside",
      "B one",
      "B typed",
    ]);
    expect(planned.untested).toEqual(["C"]);
  });

  test("for a rule file that is named, and for a test file that is named", async () => {
    const folder = folderOf({
      "a.ts": ruleText({ id: "A" }),
      "a.test.yaml": passing,
      "b.ts": ruleText(),
      "b.test.yaml": "[",
    });
    for (const name of ["a.ts", "a.test.yaml"]) {
      const planned = await planTests({ paths: [join(folder, name)], logTypes: [] });
      expect(planned.problems).toEqual([]);
      expect(planned.tests.map(({ ruleId }) => ruleId)).toEqual(["A"]);
    }
  });

  test("not in hidden folders, node_modules and tests of a test runner", async () => {
    const planned = await planOf({
      "rule.ts": ruleText(),
      "rule.test.ts": 'import { test } from "vitest"; test("x", () => {});',
      ".hidden/x.test.yaml": "[",
      "node_modules/x/x.test.yaml": "[",
    });
    expect(shown(planned.problems)).toEqual([]);
    expect(planned.tests).toEqual([]);
  });

  test("a file of tests can name another rule", async () => {
    const planned = await planOf({
      "a.ts": ruleText({ id: "A" }),
      "more.test.yaml": `rule: A\ntests: ${passing}`,
    });
    expect(shown(planned.problems)).toEqual([]);
    expect(planned.tests).toMatchObject([{ ruleId: "A", name: "one", line: 2 }]);
  });

  test("a path that is not there is a problem", async () => {
    const { problems } = await planTests({
      paths: ["/nowhere/at/all", "/nowhere/x.test.yaml"],
      logTypes: [],
    });
    expect(problems).toMatchObject([
      { file: "/nowhere/at/all", message: "no such file or folder" },
      { file: "/nowhere/x.test.yaml", message: "no such file" },
    ]);
  });

  test("a log type file with mistakes is a problem", async () => {
    const folder = folderOf({ "own.yaml": "nam: x\n", "rules/rule.ts": ruleText() });
    const { problems } = await planTests({
      paths: [join(folder, "rules")],
      logTypes: [join(folder, "own.yaml")],
    });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]?.file).toBe(join(folder, "own.yaml"));
  });
});

describe("what is wrong is reported with file and line", () => {
  test("tests for an unknown rule", async () => {
    const problems = await problemsOf(passing, { "x.test.yaml": `\nrule: Test.Rul\ntests: ${passing}` });
    expect(problems).toEqual([
      "x.test.yaml:2: tests for an unknown rule: there is no Test.Rul below the paths given; did you mean Test.Rule?",
    ]);
  });

  test("tests beside no rule", async () => {
    const problems = await problemsOf(passing, { "x.test.yaml": passing });
    expect(problems).toEqual([
      expect.stringMatching(/^x\.test\.yaml:1: there is no rule in a file of the same name/),
    ]);
  });

  test("a rule that cannot be loaded is reported once, not again by its tests", async () => {
    const { problems } = await planOf({ "rule.ts": "export default {", "rule.test.yaml": passing });
    expect(shown(problems)).toEqual([expect.stringMatching(/^rule\.ts:1: syntax error/)]);
  });

  test("YAML that is none", async () => {
    expect(await problemsOf("- name: x\n  event: { a: 1\n")).toEqual([
      expect.stringMatching(/^rule\.test\.yaml:3: YAML: Flow map/),
    ]);
    expect(await problemsOf("- *nothing\n")).toEqual([
      expect.stringMatching(/^rule\.test\.yaml:1: YAML: .*nothing/),
    ]);
  });

  test.each([
    [
      "",
      "rule.test.yaml:1: it must be a list of tests, or an object with tests: expected object, received null",
    ],
    [
      "text",
      "rule.test.yaml:1: it must be a list of tests, or an object with tests: expected object, received string",
    ],
  ])("a file that holds no tests: %j", async (yaml, problem) => {
    expect(await problemsOf(yaml)).toEqual([problem]);
  });

  test("everything at once, in the order of the lines", async () => {
    const yaml = `
tests:
  - name: ""
    evnt: { a: 1 }
    expect:
      matches: [0]
      alerts: [{ titel: x }]
      stat: {}
  - event: { a: 1 }
    expect: maybe
  - name: third
    event: { a: 1 }
    state: { k: { counter: 1 } }
    expect: [true, 2]
ruls: x
`;
    expect(await problemsOf(yaml)).toEqual([
      'rule.test.yaml:3: test "": name: It is empty',
      'rule.test.yaml:4: test "": unknown key evnt; did you mean event?',
      'rule.test.yaml:6: test "": matches: Events are counted from 1',
      'rule.test.yaml:7: test "": unknown key titel; did you mean title?',
      'rule.test.yaml:8: test "": unknown key stat; did you mean state?',
      "rule.test.yaml:9: test 2: name is missing",
      "rule.test.yaml:10: test 2: expect: It is true, false, a list, or an object",
      'rule.test.yaml:13: test "third": unknown key counter; did you mean count?',
      'rule.test.yaml:14: test "third": expect: It is true, false, a list, or an object',
      "rule.test.yaml:15: unknown key ruls; did you mean rule?",
    ]);
  });

  test.each<[string, string, string]>([
    ["neither event nor events", "expect: false", "event or events is missing"],
    ["both", "event: { a: 1 }\n  events: [{ a: 1 }]\n  expect: false", "it has both event and events"],
    [
      "an event of nothing",
      "event: {}\n  expect: false",
      "an event needs fields, file or base, or fields of its own",
    ],
    [
      "two sources",
      "event: { base: x, file: y }\n  expect: false",
      "an event has either file or base, not both",
    ],
    [
      "fields beside a file",
      "event: { file: y, a: 1 }\n  expect: false",
      "unknown key a beside file: change fields with patch: { … }, or put all of the event's own under fields: { … }",
    ],
    [
      "true for a sequence",
      "events: [{ a: 1 }, { a: 1 }]\n  expect: true",
      "say which of the events match, such as [2, 3] for the second and the third",
    ],
    [
      "too few answers",
      "events: [{ a: 1 }, { a: 1 }]\n  expect: [true]",
      "it has 1 answers for 2 events: give one for each event, or the numbers of those that match",
    ],
    ["a number too high", "event: { a: 1 }\n  expect: [2]", "there is no event 2: the test has 1"],
    ["at and after", "event: { a: 1, at: 5, after: 5 }\n  expect: false", "give either at or after"],
    [
      "a time that is none",
      "event: { a: 1, at: noon }\n  expect: false",
      '"noon" is no time: write ISO 8601 text such as 2026-03-02T08:00:00Z, or seconds since 1970',
    ],
    [
      "milliseconds",
      "now: 1767225600000\n  event: { a: 1 }\n  expect: false",
      "the number 1767225600000 is no time: write ISO 8601 text such as 2026-03-02T08:00:00Z, or seconds since 1970; it counts seconds, not milliseconds",
    ],
    [
      "a duration that is none",
      "event: { a: 1, after: 5 minutes }\n  expect: false",
      '"5 minutes" is no duration: write text such as 90s, 5m, 1h30m, 7d, or a number of seconds',
    ],
    [
      "an item of nothing",
      "state: { k: {} }\n  event: { a: 1 }\n  expect: false",
      "it holds nothing: give count, strings or dictionary",
    ],
    [
      "an empty key",
      'state: { "": { count: 1 } }\n  event: { a: 1 }\n  expect: false',
      "a state key has 1 to 1024 bytes, not 0",
    ],
    [
      "a lifetime of nothing",
      "state: { k: { count: 1, expires: 0s } }\n  event: { a: 1 }\n  expect: false",
      '"0s" is no duration: write text such as 90s, 5m, 1h30m, 7d, or a number of seconds, longer than nothing; 0 for no expiry',
    ],
    [
      "a mock of two kinds",
      "mocks: { now: { returns: 1, throws: x } }\n  event: { a: 1 }\n  expect: false",
      "a mock has exactly one of returns, returnsEach, throws, or cases with otherwise; to answer an object with such a key, put it under returns",
    ],
    [
      "a broken pattern",
      'event: { a: 1 }\n  expect: { alerts: [{ title: { matches: "(" } }] }',
      "Invalid regular expression: /(/u: Unterminated group",
    ],
    [
      "repeat of a single event",
      "event: { a: 1, repeat: 2 }\n  expect: false",
      "repeat is for events: [ … ]",
    ],
    [
      "an unknown base",
      "event: { base: denied }\n  expect: false",
      "there is no base event denied; base events are named at the top of a test file: events: { … }",
    ],
  ])("%s", async (_, yaml, message) => {
    const problems = await problemsOf(`- name: t\n  ${yaml}\n`);
    expect(problems.map((problem) => problem.replace(/^rule\.test\.yaml:\d+: /, ""))).toEqual([
      `test "t": ${message}`,
    ]);
  });

  test("base events in a circle, once, also where no test uses them", async () => {
    const yaml = `events:
  c: { base: a, patch: {} }
  a: { base: b }
  b: { base: c }
  self: { base: self }
tests: ${passing}`;
    expect(await problemsOf(yaml)).toEqual([
      "rule.test.yaml:3: base events go in a circle: a -> b -> c -> a",
      "rule.test.yaml:5: base events go in a circle: self -> self",
    ]);
  });

  test("a base event with a time", async () => {
    expect(await problemsOf(`events:\n  a: { x: 1, after: 5m }\ntests: ${passing}`)).toEqual([
      "rule.test.yaml:2: after belongs to the event of a test, not to a base event",
    ]);
  });

  test("files with events that are missing, no JSON, or no event", async () => {
    const yaml = `
- { name: a, event: { file: none.json }, expect: false }
- { name: b, event: { file: events/broken.json }, expect: false }
- { name: c, event: { file: events/list.json }, expect: false }`;
    const problems = await problemsOf(yaml, {
      "events/broken.json": '{\n "a": 1,\n "b" 2 }',
      "events/list.json": "[]",
    });
    expect(problems).toEqual([
      "none.json:0: no such file",
      'rule.test.yaml:2: test "a": the event cannot be read from none.json',
      expect.stringMatching(/^events\/broken\.json:3: JSON: Expected ':'/),
      'rule.test.yaml:3: test "b": the event cannot be read from events/broken.json',
      "events/list.json:1: it must hold one event as a JSON object, not a list of 0",
      'rule.test.yaml:4: test "c": the event cannot be read from events/list.json',
    ]);
  });

  test("two tests of one name", async () => {
    const yaml =
      "- { name: t, event: { a: 1 }, expect: false }\n- { name: t, event: { a: 1 }, expect: false }";
    expect(await problemsOf(yaml)).toEqual([
      'rule.test.yaml:2: test "t": Test.Rule has another test of this name in rule.test.yaml:1',
    ]);
  });
});
