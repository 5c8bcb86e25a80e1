import { beforeAll, describe, expect, test } from "vitest";

import type { PlannedTests } from "../../../src/testing/rule-tests/plan.ts";
import { planRepository, policyFiles, ruleFiles, runNamed, shownProblems } from "./fixtures.ts";

const burst = `
from panther_detection_helpers.caching import get_string_set, increment_counter, set_key_expiration

LIMITS = ["ann"]

def describe(name, *rest, mood="calm"):
    return f"{name} is {mood}"

def rule(event):
    if event.get("seen"):
        return event.get("user") in get_string_set("seen") and len(get_string_set("seen")) == 2
    if event.get("describe"):
        return describe(event.get("user"), event.get("describe"), mood="wild") == "mocked"
    if event.get("user") not in LIMITS:
        return False
    key = f"Test.Burst:{event.get('user')}"
    count = int(increment_counter(key))
    if count == 1:
        set_key_expiration(key, 3600)
    return count >= 3

def title(event):
    return f"{event.get('user')} came three times"
`;

const ownTests = `
- name: three within an hour
  events:
    - { user: ann, at: "2026-03-02T08:00:00Z" }
    - { user: ann, after: 10m }
    - { user: ann, after: 10m }
  expect:
    matches: [3]
    alerts: [{ title: ann came three times, severity: medium }]
    state:
      "Test.Burst:ann": { count: 3, expires: 40m }
- name: the third too late
  events: [{ user: ann }, { user: ann, after: 1h }, { user: ann, after: 10m }]
  expect: false
- name: begins with what is remembered
  state: { "Test.Burst:ann": { count: 2, expires: 10m } }
  event: { user: ann }
  expect: true
- name: no panther mocks
  event: { user: ann }
  mocks: { increment_counter: 3 }
  expect: { matches: true, state: { "Test.Burst:ann": null } }
- name: answers one after another
  events: [{ user: ann }, { user: ann }]
  mocks: { increment_counter: { returnsEach: [1, 3] } }
  expect: [2]
- name: a mock that fails
  event: { user: ann }
  mocks: { increment_counter: { throws: the store is down } }
  expect: { errors: ["Exception: the store is down"] }
- name: a constant is replaced by the value
  event: { user: bob }
  mocks: { LIMITS: [bob], increment_counter: 3 }
  expect: true
- name: a list for a set of strings
  event: { user: ann, seen: true }
  mocks: { get_string_set: [ann, bob] }
  expect: true
- name: answers by argument
  event: { user: ann, describe: again }
  mocks: { describe: { cases: [{ arguments: [ann, again, wild], returns: mocked }] } }
  expect: true
- name: a mock that nothing calls
  event: { user: bob }
  mocks: { increment_counter: 3 }
  expect: false
- name: a mock of nothing
  event: { user: bob }
  mocks: { incremet_counter: 3 }
  expect: false
`;

const pantherTests = [
  {
    Name: "with a mock",
    ExpectedResult: true,
    Log: { user: "ann" },
    Mocks: [{ objectName: "increment_counter", returnValue: "3" }],
  },
  { Name: "without one", ExpectedResult: false, Log: { user: "ann" } },
];

describe("Stakeout's own tests", () => {
  let plan: PlannedTests;
  beforeAll(async () => {
    plan = await planRepository({
      ...ruleFiles("Test.Burst", { code: burst, tests: pantherTests }),
      "rules/test_burst.test.yaml": ownTests,
      ...policyFiles("Test.Encrypted", { code: "def policy(resource):\n    return resource['encrypted']\n" }),
      "rules/test_encrypted.test.yaml": "- { name: is not, event: { encrypted: false }, expect: true }\n",
      ...ruleFiles("Test.Simple", {
        keys: { Detection: [{ Key: "action", Condition: "Equals", Value: "delete" }] },
      }),
      "rules/test_simple.test.yaml":
        "- { name: both, events: [{ action: read }, { action: delete }], expect: [2] }\n",
    });
  });

  test("stand beside rules in Python and YAML", () => {
    expect(shownProblems(plan)).toEqual([]);
  });

  test.each([
    "three within an hour",
    "the third too late",
    "begins with what is remembered",
    "no panther mocks",
    "answers one after another",
    "a mock that fails",
    "a constant is replaced by the value",
    "a list for a set of strings",
    "answers by argument",
  ])("of a Python rule: %s", async (name) => {
    expect((await runNamed(plan, ["Test.Burst", name])).failures).toEqual([]);
  });

  test.each([
    ["a mock that nothing calls", "the mock increment_counter was never called"],
    ["a mock of nothing", expect.stringContaining("names nothing that the rule's module imports")],
  ])("%s fails", async (name, message) => {
    const { failures } = await runNamed(plan, ["Test.Burst", name]);
    expect(failures.map((failure) => failure.message)).toEqual([message]);
  });

  test.each(["with a mock", "without one"])("do not keep Panther's from running: %s", async (name) => {
    expect((await runNamed(plan, ["Test.Burst", name])).passed).toBe(true);
  });

  test("calls of mocks stand among the operations", async () => {
    const { trace } = await runNamed(plan, ["Test.Burst", "no panther mocks"], { trace: true });
    expect(trace?.operations).toMatchObject([
      { operation: "increment_counter (mocked)", key: "Test.Burst:ann", result: 3 },
    ]);
  });

  test.each([
    ["Test.Encrypted", "is not"],
    ["Test.Simple", "both"],
  ])("of %s", async (ruleId, name) => {
    expect((await runNamed(plan, [ruleId, name])).failures).toEqual([]);
  });
});

test("a test file with a mistake leaves the rule's other tests", async () => {
  const plan = await planRepository({
    ...ruleFiles("Test.Simple", {
      keys: { Detection: [{ Key: "action", Condition: "Equals", Value: "delete" }] },
      tests: [{ Name: "deletes", ExpectedResult: true, Log: { action: "delete" } }],
    }),
    "rules/test_simple.test.yaml":
      "- { name: deletes, event: { a: 1 }, expect: false }\n- { name: good, event: { a: 1 }, expect: false }\n- { name: late, event: { a: 1, at: never }, expect: false }\n",
  });
  expect(plan.tests.map(({ name }) => name)).toEqual(["deletes", "good"]);
  expect(shownProblems(plan)).toEqual([
    expect.stringContaining('test "late": "never" is no time'),
    expect.stringContaining('rules/test_simple.test.yaml:1: test "deletes": Test.Simple has another test'),
  ]);
});
