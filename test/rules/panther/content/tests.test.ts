import { describe, expect, test } from "vitest";

import { policyYaml, readRule, readYaml, ruleYaml, yamlOf } from "./fixtures.ts";

/** A list of one test with these lines. */
function oneTest(...lines: readonly string[]): string {
  return `\n  - ${lines.join("\n    ")}`;
}

const named = ["Name: a test", "ExpectedResult: true"];

describe("a test", () => {
  test("has its name, what it expects, its event and its line", () => {
    const { detection, problems } = readRule({ Tests: oneTest(...named, "Log: {user: root, count: 1}") });
    expect(problems).toEqual([]);
    expect(detection?.tests).toEqual([
      {
        name: "a test",
        expected: true,
        json: '{"user":"root","count":1}',
        fields: { user: "root", count: 1 },
        logType: "Test.Log",
        mocks: [],
        line: 8,
      },
    ]);
  });

  test("keeps numbers as they are written", () => {
    const log = "Log: {a: 1.0, b: 1e3, c: 9007199254740993, d: .nan, e: 007}";
    const [only] = readRule({ Tests: oneTest(...named, log) }).detection?.tests ?? [];
    expect(only?.json).toBe('{"a":1.0,"b":1e3,"c":9007199254740993,"d":null,"e":7}');
    expect(only?.fields).toEqual({ a: 1, b: 1000, c: 9_007_199_254_740_992, d: null, e: 7 });
  });

  test("can have its event as JSON", () => {
    const tests = oneTest(...named, "Log: {", '  "a": 1.0,', '  "b": [true, null],', "}", "Mocks: []");
    const [only] = readRule({ Tests: tests }).detection?.tests ?? [];
    expect(only).toMatchObject({ json: '{"a":1.0,"b":[true,null]}', fields: { a: 1, b: [true, null] } });
  });

  test("can have its event as text with JSON", () => {
    const [only] = readRule({ Tests: oneTest(...named, `Log: '{"a": 1.0}'`) }).detection?.tests ?? [];
    expect(only).toMatchObject({ json: '{"a": 1.0}', fields: { a: 1 } });
  });

  test("has the log type that its event names", () => {
    const [only] =
      readRule({ Tests: oneTest(...named, "Log: {p_log_type: Other.Log}") }).detection?.tests ?? [];
    expect(only?.logType).toBe("Other.Log");
  });

  test("of a policy has a resource", () => {
    const { detection, problems } = readYaml(
      policyYaml({ Tests: oneTest(...named, "Resource: {Arn: a}", "ResourceType: AWS.S3.Bucket") }),
    );
    expect(problems).toEqual([]);
    expect(detection?.tests).toMatchObject([{ fields: { Arn: "a" }, logType: "Resource.*" }]);
  });

  test("can have mocks", () => {
    const mocks = [
      "Mocks:",
      "  - objectName: get_string_set",
      "    returnValue: '[\"a\"]'",
      "  - {objectName: FLAG, returnValue: false}",
    ];
    const [only] = readRule({ Tests: oneTest(...named, "Log: {}", ...mocks) }).detection?.tests ?? [];
    expect(only?.mocks).toEqual([
      { objectName: "get_string_set", returnValue: '["a"]' },
      { objectName: "FLAG", returnValue: false },
    ]);
  });

  test("can have what only Panther needs", () => {
    const tests = oneTest(...named, "Log: {}", "LogType: Test.Log", "ExpectedDestinations: [a]");
    expect(readRule({ Tests: tests }).problems).toEqual([]);
  });
});

describe("is wrong", () => {
  test.each([
    ["a test that is no mapping", "\n  - text", '8: rule Test.Rule: test 1: must be a mapping, not "text"'],
    ["no name", oneTest("ExpectedResult: true", "Log: {}"), "8: rule Test.Rule: test 1: Name is missing"],
    [
      "a number as name",
      oneTest("Name: 1", "ExpectedResult: true", "Log: {}"),
      "8: rule Test.Rule: test 1: Name must be text, not the number 1",
    ],
    [
      "no expected result",
      oneTest("Name: a", "Log: {}"),
      '8: rule Test.Rule: test "a": ExpectedResult is missing',
    ],
    [
      "yes as result",
      oneTest("Name: a", "ExpectedResult: yes", "Log: {}"),
      '9: rule Test.Rule: test "a": ExpectedResult must be true or false, not "yes"',
    ],
    ["no event", oneTest(...named), '8: rule Test.Rule: test "a test": Log is missing'],
    [
      "a list as event",
      oneTest(...named, "Log: []"),
      '10: rule Test.Rule: test "a test": Log must be a mapping, or text with a JSON object, not a list of 0',
    ],
    [
      "text that is no JSON",
      oneTest(...named, "Log: text"),
      '10: rule Test.Rule: test "a test": Log must be a mapping, or text with a JSON object, not "text"',
    ],
    [
      "text with another JSON value",
      oneTest(...named, "Log: '[1]'"),
      '10: rule Test.Rule: test "a test": Log must be a mapping, or text with a JSON object, not "[1]"',
    ],
    [
      "mocks that are no list",
      oneTest(...named, "Log: {}", "Mocks: {}"),
      '11: rule Test.Rule: test "a test": Mocks must be a list, not an object',
    ],
    [
      "a mock without a name",
      oneTest(...named, "Log: {}", "Mocks: [{returnValue: a}]"),
      '11: rule Test.Rule: test "a test": a mock needs objectName and returnValue; objectName is missing',
    ],
    [
      "a mock without a value",
      oneTest(...named, "Log: {}", "Mocks: [{objectName: a}]"),
      '11: rule Test.Rule: test "a test": a mock needs objectName and returnValue; returnValue is missing',
    ],
    [
      "an unknown key",
      oneTest(...named, "Log: {}", "Mock: []"),
      "11: rule Test.Rule: unknown key Tests.0.Mock; did you mean Mocks?",
    ],
    [
      "a resource of a rule",
      oneTest(...named, "Log: {}", "Resource: {}"),
      "11: rule Test.Rule: unknown key Tests.0.Resource",
    ],
  ])("%s", (_, Tests, problem) => {
    const { detection, problems } = readRule({ Tests });
    expect(problems).toEqual([problem]);
    expect(detection).toBeUndefined();
  });

  test("each test on its own", () => {
    const Tests = `${oneTest("Name: a", "Log: {}")}${oneTest("ExpectedResult: true", "Log: 1")}`;
    expect(readRule({ Tests }).problems).toHaveLength(3);
  });
});

describe("without tests", () => {
  const Tests = oneTest(...named, "Log:", "  text: |", "    # no comment", "    Severity: High", "");
  const after = yamlOf({ Threshold: "2", Reprots: "{}" });

  test("all else is read, with its lines", () => {
    const options = { tests: false };
    const { detection, problems } = readYaml(`${ruleYaml({ Tests })}${after}`, options);
    expect(problems).toEqual(["16: rule Test.Rule: unknown key Reprots; did you mean Reports?"]);
    expect(detection).toBeUndefined();
    const good = readYaml(`${ruleYaml({ Tests })}Threshold: 2\n`, options).detection;
    expect(good).toMatchObject({ manifest: { threshold: 2, severity: "low" }, tests: [] });
  });

  test("a file in which something else needs them is read whole", () => {
    const text = `Tests: [{Name: &name a test, ExpectedResult: true, Log: {}}]\n${ruleYaml({ DisplayName: "*name" })}`;
    const { detection, problems } = readYaml(text, { tests: false });
    expect(problems).toEqual([]);
    expect(detection?.manifest.displayName).toBe("a test");
    expect(detection?.tests).toEqual([]);
  });

  test("a list at the start of the line belongs to them", () => {
    const text = `Tests:\n- Name: a\n  ExpectedResult: true\n  Log: {\n}\n# a comment\n${ruleYaml()}`;
    expect(readYaml(text, { tests: false })).toMatchObject({ problems: [], detection: { tests: [] } });
    expect(readYaml(text).detection?.tests).toHaveLength(1);
  });
});
