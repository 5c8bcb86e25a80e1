import { beforeAll, describe, expect, test } from "vitest";

import type { TestResult } from "../../../src/testing/rule-tests/model.ts";
import type { PlannedTests } from "../../../src/testing/rule-tests/plan.ts";
import { answers, planRepository, ruleFiles, runNamed } from "./fixtures.ts";

/** Some of everything that a rule may consist of; what it came to is in the context. */
const everything = `
import re
from dataclasses import dataclass

TOTAL = 0
NAMES = {"ann", "bob"}
if len(NAMES) > 1:
    KIND = "several"
for _name in NAMES:
    if _name == "ann":
        FOUND = _name


@dataclass
class Point:
    """A place."""

    x: int
    y: int = 2

    def far(self):
        return self.x > 10 or self.y > 10


def counted(function):
    def inner(*args, **kwargs):
        global TOTAL
        TOTAL += 1
        return function(*args, **kwargs)

    return inner


@counted
def double(value, *, by=2):
    """Doubles."""
    return value * by


def numbers():
    for number in range(5):
        if number == 3:
            return
        yield number


def grade(value):
    match value:
        case int() if value > 5:
            return "high"
        case {"level": str(level)}:
            return level
        case [first, *rest]:
            return first if rest else "one"
        case _:
            return "none"


def rule(event):
    return event.get("go") is True


def alert_context(event):
    found = []
    value = 0
    while value < 3:
        value += 1
        if value == 2:
            continue
        found.append(value)
    else:
        found.append("done")
    try:
        found.append(event["missing"])
    except KeyError as error:
        found.append(str(error))
    finally:
        found.append("finally")
    if (match := re.match(r"(\\w+)@", event.get("mail", ""))) and match.group(1) in NAMES:
        found.append(match.group(1))
    first, (second, *others) = 1, (2, 3, 4)
    found += [first, second, others, not others, -first, first if second else None]
    found.append([one for one in numbers() if one % 2 == 0 and one >= 0])
    found.append({key: len(items) for key, items in {"a": [1, 2], "b": []}.items() if items})
    found.append(any(one == 2 for one in numbers()))
    found.append(sorted({"b", "a"}, key=lambda name: -ord(name) if name > "a" else 0))
    found.append(f"{double(4)!r:>4} {double(2, by=3)} {'x' * 2}")
    found.append([grade(7), grade({"level": "low"}), grade([1, 2]), grade([1]), grade(2)])
    found.append([Point(1).far(), Point(11).far(), Point(1) == Point(1)])
    found.append(0 < first < second <= 2)
    print(*found[:2], sep="-")
    assert found, "nothing was found"
    return {"found": found, "total": TOTAL, "kind": KIND, "doc": double.__name__, "name": FOUND}
`;

const conditions = `
LIMIT = 3


def is_known(user):
    return user in ("ann", "bob")


def rule(event):
    if event.get("action") != "sign-in" or event.get("skip"):
        return False
    for address in event.get("addresses", []):
        if address.startswith("10."):
            continue
        if not is_known(event.get("user")):
            return True
    count = len(event.get("addresses"))
    return count >= LIMIT


def title(event):
    return event.get("user").get("name").upper()
`;

/** A file that cannot be run a second time. */
const once = `
import counter

counter.loads += 1
if counter.loads > 1:
    raise RuntimeError("loaded twice")

def rule(event):
    return event.get("go") is True
`;

function rows({ trace }: TestResult): readonly string[] {
  return (trace?.conditions ?? []).map(({ line, text, value, parts }) => {
    const seen = parts.map((part) => `${part.text} = ${JSON.stringify(part.value)}`).join(", ");
    return `${line} ${text} | ${seen} | ${JSON.stringify(value)}`;
  });
}

describe("the conditions of a Python rule", () => {
  let plan: PlannedTests;
  beforeAll(async () => {
    const log = { action: "sign-in", user: "ann", addresses: ["10.0.0.1", "192.0.2.1"] };
    plan = await planRepository({
      ...ruleFiles("Test.Everything", {
        code: everything,
        tests: [
          { Name: "plain", ExpectedResult: true, Log: { go: true, mail: "ann@example.com" } },
          { Name: "watched", ExpectedResult: true, Log: { go: true, mail: "ann@example.com" } },
        ],
      }),
      ...ruleFiles("Test.Once", {
        code: once,
        tests: [{ Name: "does not go", ExpectedResult: true, Log: {} }],
      }),
      "global_helpers/counter.py": "loads = 0\n",
      "global_helpers/counter.yml": "AnalysisType: global\nGlobalID: counter\nFilename: counter.py\n",
      ...ruleFiles("Test.Conditions", {
        code: conditions,
        tests: [
          { Name: "other action", ExpectedResult: true, Log: { action: "read" } },
          { Name: "too few", ExpectedResult: true, Log: log },
          { Name: "raises", ExpectedResult: true, Log: { ...log, user: "eve" } },
          { Name: "no list", ExpectedResult: true, Log: { action: "sign-in" } },
          {
            Name: "mocked",
            ExpectedResult: false,
            Log: log,
            Mocks: [{ objectName: "is_known", returnValue: false }],
          },
          { Name: "passes", ExpectedResult: false, Log: log },
        ],
      }),
    });
  });

  test("are recorded by a copy that does what the rule does", async () => {
    const plain = await runNamed(plan, ["Test.Everything", "plain"]);
    const watched = await runNamed(plan, ["Test.Everything", "watched"], { trace: true });
    expect(plain).toMatchObject({ passed: true, failures: [], printed: "1-3\n" });
    expect(watched).toMatchObject({ passed: true, printed: "1-3\n" });
    expect(answers(watched)).toEqual(answers(plain));
    expect(watched.trace?.conditions.length).toBeGreaterThan(20);
  });

  test("show what their parts were, as far as they were evaluated", async () => {
    expect(rows(await runNamed(plan, ["Test.Conditions", "other action"]))).toEqual([
      '10 event.get("action") != "sign-in" | event.get("action") = "read" | true',
      '10 event.get("action") != "sign-in" or event.get("skip") | event.get("action") != "sign-in" = true | true',
      "11 return False |  | false",
    ]);
  });

  test("show loops, functions of the file and constants", async () => {
    expect(rows(await runNamed(plan, ["Test.Conditions", "too few"]))).toEqual([
      '10 event.get("action") != "sign-in" | event.get("action") = "sign-in" | false',
      '10 event.get("action") != "sign-in" or event.get("skip") | event.get("action") != "sign-in" = false, event.get("skip") = null | null',
      '13 address.startswith("10.") | address = "10.0.0.1" | true',
      '13 address.startswith("10.") | address = "192.0.2.1" | false',
      '6 user in ("ann", "bob") | user = "ann" | true',
      '15 not is_known(event.get("user")) | is_known(event.get("user")) = true | false',
      "18 count >= LIMIT | count = 2, LIMIT = 3 | false",
    ]);
  });

  test("show what the line that raised had seen", async () => {
    const result = await runNamed(plan, ["Test.Conditions", "raises"]);
    expect(rows(result).at(-1)).toBe(
      '22 return event.get("user").get("name").upper() | event.get("user") = "eve" | {"$":"an exception"}',
    );
    expect(result.outputs.at(-1)).toMatchObject({
      function: "title",
      error: "AttributeError: 'str' object has no attribute 'get'",
      traceback: expect.stringMatching(
        /^ {2}File ".*test_conditions\.py", line 22, in title\n {4}return event.get\("user"\).*$/,
      ),
    });
  });

  test("show the parts of an assignment that raised", async () => {
    expect(rows(await runNamed(plan, ["Test.Conditions", "no list"])).at(-1)).toBe(
      '17 count = len(event.get("addresses")) | event.get("addresses") = null | {"$":"an exception"}',
    );
  });

  test("are recorded with mocks in force, which end with the test", async () => {
    expect(rows(await runNamed(plan, ["Test.Conditions", "mocked"]))).toContain(
      '15 not is_known(event.get("user")) | is_known(event.get("user")) = false | true',
    );
    expect((await runNamed(plan, ["Test.Conditions", "passes"])).passed).toBe(true);
  });

  test("are not recorded where the test passes, or nobody wants to know", async () => {
    expect((await runNamed(plan, ["Test.Conditions", "passes"])).trace).toBeUndefined();
    const failed = await runNamed(plan, ["Test.Conditions", "too few"], { explainFailures: false });
    expect(failed).toMatchObject({ passed: false, trace: { conditions: [] } });
  });

  test("are not recorded where the file cannot be run a second time", async () => {
    expect(await runNamed(plan, ["Test.Once", "does not go"])).toMatchObject({
      passed: false,
      failures: [{ message: "the event should match and does not" }],
      trace: { conditions: [] },
    });
  });
});
