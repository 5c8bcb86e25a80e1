import { describe, expect, test } from "vitest";
import { messageOf } from "../../src/core/errors.ts";
import { isThenable } from "../../src/core/json.ts";
import { describeMatch } from "../../src/rules/outcome.ts";
import { auxiliaryFunctions, type AuxiliaryFunction } from "../../src/rules/runtime.ts";
import { described, event, type Functions, loadedRule, matchRequest } from "./fixtures.ts";

const long = "x".repeat(1001);
const cut = `${"x".repeat(985)}... (truncated)`;
const boom = (): never => {
  throw new RangeError("boom");
};

/** The failure of one function, as `function: message`. */
function failureTexts(failures: readonly { readonly function: string; readonly error: unknown }[]): string[] {
  return failures.map(({ function: name, error }) => `${name}: ${messageOf(error)}`);
}

describe("a match without auxiliary functions", () => {
  test("is made of the manifest, the event and the engine clock", async () => {
    const overrides = {
      displayName: "Shown",
      severity: "high",
      description: "d",
      reference: "r",
      runbook: "b",
      destinations: ["slack"],
    } as const;
    const { match, failures } = await described({}, overrides);
    expect(match).toMatchObject({
      logType: "Test.Log",
      title: "Shown",
      dedup: "defaultDedupString:Test.Rule",
      severity: "high",
      description: "d",
      reference: "r",
      runbook: "b",
      destinations: ["slack"],
      context: {},
      distinct: false,
      unique: undefined,
      eventTimeMs: 1000,
      clockMs: 2000,
      position: { source: "test", stream: "1", offset: 0 },
    });
    expect(match.event()).toEqual({ kept: true });
    expect(failures).toEqual([]);
  });

  test("takes the engine clock for an event without a time", async () => {
    const timeless = { ...event(), timeMs: undefined };
    const { match } = await describeMatch(matchRequest(loadedRule(), { event: timeless }));
    expect(match.eventTimeMs).toBe(2000);
  });

  test("makes the kept event only when asked for", async () => {
    let made = 0;
    const toAlertEvent = (): {} => {
      made += 1;
      return {};
    };
    const { match } = await describeMatch(matchRequest(loadedRule(), { toAlertEvent }));
    expect(made).toBe(0);
    match.event();
    expect(made).toBe(1);
  });
});

/** All functions, each of which notes its name when it is called. */
const recording = (calls: string[], answer: (name: AuxiliaryFunction) => unknown): Functions =>
  Object.fromEntries(
    auxiliaryFunctions.map((name) => [
      name,
      () => {
        calls.push(name);
        return answer(name);
      },
    ]),
  );

describe("calling auxiliary functions", () => {
  const panthersOrder = [
    "title",
    "description",
    "reference",
    "severity",
    "runbook",
    "destinations",
    "dedup",
    "alertContext",
    "unique",
  ];

  test("happens in Panther's order", async () => {
    const calls: string[] = [];
    await described(recording(calls, () => "x"));
    expect(calls).toEqual(panthersOrder);
  });

  test("goes on in the same order after promises and failures", async () => {
    const calls: string[] = [];
    await described(
      recording(calls, async () => {
        await Promise.resolve();
        calls.push("done");
        throw new Error("late");
      }),
    );
    expect(calls).toEqual(panthersOrder.flatMap((name) => [name, "done"]));
  });

  test("stays synchronous without promises", () => {
    expect(isThenable(describeMatch(matchRequest(loadedRule({ title: () => "t", dedup: boom }))))).toBe(
      false,
    );
  });

  test("gives each function the event's fields", async () => {
    const { match } = await described({ title: (fields) => `${JSON.stringify(fields)}!` });
    expect(match.title).toBe('{"field":"value"}!');
  });

  test("hands each promise over before it is awaited", async () => {
    const waited: unknown[] = [];
    const answer = Promise.resolve("t");
    const request = matchRequest(loadedRule({ title: () => answer, dedup: () => "d" }), {
      waitFor: (promise) => {
        waited.push(promise);
        return promise;
      },
    });
    await describeMatch(request);
    expect(waited).toEqual([answer]);
  });

  test("takes an operation that was not awaited for a failure of that function", async () => {
    const forgotten = new Error("not awaited");
    const pending = [undefined, forgotten, undefined];
    const rule = loadedRule({ title: () => "t", description: () => "d", reference: async () => "r" });
    const { match, failures } = await describeMatch(matchRequest(rule, { settle: () => pending.shift() }));
    expect(match).toMatchObject({ title: "t", description: "", reference: "r" });
    expect(failures).toEqual([{ function: "description", error: forgotten }]);
  });

  test("settles after a function that throws too", async () => {
    let settled = 0;
    const settle = (): undefined => void (settled += 1);
    const rejecting = async (): Promise<string> => boom();
    await describeMatch(matchRequest(loadedRule({ title: boom, description: rejecting }), { settle }));
    expect(settled).toBe(2);
  });
});

describe("title", () => {
  test.each([
    ["is what the function answers", { title: () => "t" }, "t", []],
    ["is cut to 1000 characters", { title: () => long }, cut, []],
    ["falls back to the display name when the function throws", { title: boom }, "Shown", ["title: boom"]],
    ["falls back to the display name when empty", { title: () => "" }, "Shown", []],
    [
      "falls back to the display name when it is not text",
      { title: () => 5 },
      "Shown",
      ["title: Rule Test.Rule: title() must answer text, not the number 5."],
    ],
  ])("%s", async (...[, functions, title, errors]) => {
    const { match, failures } = await described(functions, { displayName: "Shown" });
    expect(match.title).toBe(title);
    expect(failureTexts(failures)).toEqual(errors);
  });

  test("falls back to the id without a display name, or with an empty one", async () => {
    expect((await described({ title: boom })).match.title).toBe("Test.Rule");
    expect((await described({ title: boom }, { displayName: "" })).match.title).toBe("Test.Rule");
  });

  test("is cut when it falls back to a long display name", async () => {
    expect((await described({}, { displayName: long })).match.title).toBe(cut);
  });
});

describe("dedup", () => {
  const fallback = "defaultDedupString:Test.Rule";
  test.each([
    ["is what the function answers", { title: () => "t", dedup: () => "d" }, "d"],
    ["is cut to 1000 characters", { dedup: () => long }, cut],
    ["is the title without a function", { title: () => "t" }, "t"],
    ["is the cut title without a function", { title: () => long }, cut],
    ["is the default without a function when title throws", { title: boom }, fallback],
    ["is the default without a function when title is empty", { title: () => "" }, fallback],
    ["is the default when empty", { title: () => "t", dedup: () => "" }, fallback],
    ["is the default when the function throws", { title: () => "t", dedup: boom }, fallback],
    ["is the default when it is not text", { title: () => "t", dedup: () => undefined }, fallback],
  ])("%s", async (_, functions, dedup) => {
    expect((await described(functions)).match.dedup).toBe(dedup);
  });

  test("reports why there was none", async () => {
    const { failures } = await described({ dedup: () => null });
    expect(failureTexts(failures)).toEqual(["dedup: Rule Test.Rule: dedup() must answer text, not null."]);
    expect(failures[0]?.error).toMatchObject({
      code: "RULE_RESULT_INVALID",
      fields: { rule: "Test.Rule", function: "dedup" },
    });
  });
});

describe("severity", () => {
  test.each([
    ["HIGH", "high"],
    ["high", "high"],
    ["Critical", "critical"],
    ["DEFAULT", "low"],
    ["default", "low"],
  ])("%s is %s", async (answer, severity) => {
    const { match, failures } = await described({ severity: () => answer });
    expect(match.severity).toBe(severity);
    expect(failures).toEqual([]);
  });

  test.each([["urgent"], [""], [undefined], [4], [" high"]])(
    "%o is the rule's own, and reported",
    async (answer) => {
      const { match, failures } = await described({ severity: () => answer });
      expect(match.severity).toBe("low");
      expect(failures).toMatchObject([{ function: "severity", error: { code: "RULE_RESULT_INVALID" } }]);
    },
  );

  test("is the rule's own when the function throws", async () => {
    const { match, failures } = await described({ severity: boom });
    expect(match.severity).toBe("low");
    expect(failureTexts(failures)).toEqual(["severity: boom"]);
  });
});

describe.each(["description", "reference", "runbook"] as const)("%s", (name) => {
  test("is what the function answers, cut to 1000 characters", async () => {
    expect((await described({ [name]: () => "d" }, { [name]: "own" })).match[name]).toBe("d");
    expect((await described({ [name]: () => long })).match[name]).toBe(cut);
  });

  test("is empty when the function throws or answers something else", async () => {
    for (const failing of [boom, () => 1, () => undefined]) {
      const { match, failures } = await described({ [name]: failing }, { [name]: "own" });
      expect(match[name]).toBe("");
      expect(failures).toMatchObject([{ function: name }]);
    }
  });
});

describe("destinations", () => {
  test.each([
    ["names", ["a", "b"], ["a", "b"]],
    ["names given twice, once", ["a", "a"], ["a"]],
    ["none at all for an empty list", [], []],
    ["the rule's own for undefined", undefined, ["own"]],
    ["the rule's own for null", null, ["own"]],
  ])("are %s", async (_, answer, destinations) => {
    const { match, failures } = await described({ destinations: () => answer }, { destinations: ["own"] });
    expect(match.destinations).toEqual(destinations);
    expect(failures).toEqual([]);
  });

  test("are at most ten; more are reported", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `d${index}`);
    const { match, failures } = await described({ destinations: () => names });
    expect(match.destinations).toEqual(names.slice(0, 10));
    expect(failureTexts(failures)).toEqual([
      "destinations: Rule Test.Rule: destinations() answered 12 names; only the first 10 are used.",
    ]);
  });

  test.each([["slack"], [[1]], [["a", ""]], [{ 0: "a" }]])(
    "%o is the default routing, and reported",
    async (answer) => {
      const { match, failures } = await described({ destinations: () => answer });
      expect(match.destinations).toBeUndefined();
      expect(failures).toMatchObject([{ function: "destinations", error: { code: "RULE_RESULT_INVALID" } }]);
    },
  );

  test("are the default routing when the function throws", async () => {
    expect((await described({ destinations: boom })).match.destinations).toBeUndefined();
  });
});

describe("unique", () => {
  test("is what the function answers", async () => {
    expect((await described({ unique: () => "u" })).match).toMatchObject({ distinct: true, unique: "u" });
  });

  test.each([[undefined], [null]])("is not counted for %o", async (answer) => {
    const { match, failures } = await described({ unique: () => answer });
    expect(match).toMatchObject({ distinct: true, unique: undefined });
    expect(failures).toEqual([]);
  });

  test("counts failures as one value, so that no alert is lost", async () => {
    const thrown = await described({ unique: boom });
    const wrong = await described({ unique: () => 7 });
    expect(thrown.match.unique).toBe("(unique failed)");
    expect(wrong.match.unique).toBe("(unique failed)");
    expect(failureTexts(wrong.failures)).toEqual([
      "unique: Rule Test.Rule: unique() must answer text, not the number 7.",
    ]);
  });
});
