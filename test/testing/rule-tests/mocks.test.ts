import { describe, expect, test } from "vitest";

import { failed, planOf, ruleText, runOne, shown } from "./fixtures.ts";

const event = { user: "ann" };

describe("mocked state helpers", () => {
  test("answer a value to every call, and the state is left alone", async () => {
    const result = await runOne({
      event,
      mocks: { incrementCounter: 3 },
      expect: { matches: true, state: { "Test.Rule:ann": null } },
    });
    expect(failed(result)).toEqual([]);
  });

  test("answer a string set for a list", async () => {
    const rule = `const seen = await getStringSet("k"); return seen instanceof Set && seen.has("x");`;
    expect((await runOne({ event, mocks: { getStringSet: ["x"] }, expect: true }, { rule })).passed).toBe(
      true,
    );
    expect(
      (await runOne({ event, mocks: { getStringSet: { returnsEach: [["y"]] } }, expect: false }, { rule }))
        .passed,
    ).toBe(true);
  });

  test("answer successive values, and fail beyond the last one", async () => {
    const mocks = { incrementCounter: { returnsEach: [3, 2] } };
    expect(failed(await runOne({ events: [event, event], mocks, expect: [1] }))).toEqual([]);
    const beyond = await runOne({ events: [event, event, event], mocks, expect: [1] });
    expect(failed(beyond)).toEqual([
      "errors: the rule failed: event 3, rule: Error: the mock incrementCounter has 2 answers and was called once more",
    ]);
  });

  test("fail with a message", async () => {
    const mocks = { incrementCounter: { throws: "store is down" } };
    expect((await runOne({ event, mocks, expect: { errors: ["Error: store is down"] } })).passed).toBe(true);
  });

  test("answer by argument, the first fitting case, or otherwise, or fail", async () => {
    const cases = [
      { arguments: ["Test.Rule:ann", 1], returns: 3 },
      { arguments: ["Test.Rule:ann"], returns: 1 },
    ];
    const mocks = { incrementCounter: { cases } };
    expect((await runOne({ event, mocks, expect: true })).passed).toBe(true);
    const other = { user: "bob" };
    const failing = await runOne({ event: other, mocks, expect: false });
    expect(failed(failing)).toEqual([
      'errors: the rule failed: event 1, rule: Error: the mock incrementCounter has no case for the arguments ["Test.Rule:bob",1]',
    ]);
    const otherwise = { incrementCounter: { cases, otherwise: 0 } };
    expect((await runOne({ event: other, mocks: otherwise, expect: false })).passed).toBe(true);
  });

  test("now answers a date", async () => {
    const rule = "return now().getUTCFullYear() === 2020;";
    expect(
      (await runOne({ event, mocks: { now: "2020-05-05T00:00:00Z" }, expect: true }, { rule })).passed,
    ).toBe(true);
  });

  test("are no mocks in the next test", async () => {
    await runOne({ event, mocks: { incrementCounter: 3 }, expect: true });
    expect((await runOne({ event, expect: false })).passed).toBe(true);
  });

  test("are traced", async () => {
    const { trace } = await runOne({ event, mocks: { incrementCounter: 2 }, expect: true });
    expect(trace?.operations).toMatchObject([
      {
        operation: "incrementCounter (mocked)",
        key: "Test.Rule:ann",
        arguments: [1],
        result: 2,
        error: null,
      },
    ]);
  });
});

describe("mocks of what else the module imports", () => {
  const before =
    'import { score, LIMITS as limits } from "./helpers.ts";\nimport * as all from "./helpers.ts";';
  const files = {
    "helpers.ts": "export const score = (name: string) => name.length;\nexport const LIMITS = { max: 10 };",
  };
  const rule = "return score(event.user) > limits.max;";

  test("functions of another module", async () => {
    const result = await runOne({ event, mocks: { score: 11 }, expect: true }, { before, rule }, {}, files);
    expect(failed(result)).toEqual([]);
  });

  test("what is no function is the value itself, wherever it is used", async () => {
    const result = await runOne(
      { event, mocks: { limits: { max: 2 } }, expect: true },
      { before, rule },
      {},
      files,
    );
    expect(failed(result)).toEqual([]);
    const unused = await runOne(
      { event, mocks: { limits: { max: 2 } }, expect: false },
      { before },
      {},
      files,
    );
    expect(failed(unused)).toEqual(["mocks: the mock limits was never used"]);
    const whole = await runOne(
      { event, mocks: { all: { x: 1 } }, expect: true },
      { before, rule: "return all.x === 1;" },
      {},
      files,
    );
    expect(failed(whole)).toEqual([]);
  });

  test("what is no function cannot answer in turn", async () => {
    const { problems } = await planOf({
      ...files,
      "rule.ts": ruleText({ before, rule }),
      "rule.test.yaml":
        "- name: t\n  event: { user: ann }\n  mocks: { limits: { returnsEach: [1] } }\n  expect: true",
    });
    expect(shown(problems)).toEqual([
      'rule.test.yaml:3: test "t": limits is no function, so a mock of it is the value itself',
    ]);
  });

  test("an object is answered as it is, and a change of it does not stay", async () => {
    const changing = "const list = score(event.user); list.push(1); return list.length === 1;";
    const result = await runOne(
      { events: [event, event], mocks: { score: { returns: [] } }, expect: [1, 2] },
      { before, rule: changing },
      {},
      files,
    );
    expect(failed(result)).toEqual([]);
  });
});

describe("mocks that do nothing fail the test", () => {
  test("one that names nothing the module imports", async () => {
    const result = await runOne({ event, mocks: { incrementCount: 3 }, expect: false });
    expect(failed(result)).toEqual([
      "mocks: the mock incrementCount names nothing that the rule's module imports or, in Python, defines; did you mean incrementCounter?",
    ]);
  });

  test("one that is never called", async () => {
    const result = await runOne({ event, mocks: { getCounter: 3 }, expect: false });
    expect(failed(result)).toEqual(["mocks: the mock getCounter was never called"]);
  });
});

test("a set in YAML", async () => {
  const planned = await planOf({
    "rule.ts": ruleText({
      before: 'import { known } from "./known.ts";',
      rule: "return known().has(event.user);",
    }),
    "known.ts": "export const known = () => new Set<string>();",
    "rule.test.yaml":
      "- { name: t, event: { user: ann }, mocks: { known: !!set { ann, bob } }, expect: true }",
  });
  const [only] = planned.tests;
  expect(planned.problems).toEqual([]);
  expect(only === undefined ? [] : failed(await planned.run(only))).toEqual([]);
});
