import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../../src/core/json.ts";
import { matches, passes } from "./fixtures.ts";

function equals(key: string, value: JsonValue): JsonValue {
  return { Key: key, Condition: "Equals", Value: value };
}

test("a detection is all of its expressions", () => {
  const expressions = [equals("a", 1), equals("b", 2)];
  expect(matches(expressions, { a: 1, b: 2 })).toBe(true);
  expect(matches(expressions, { a: 1, b: 3 })).toBe(false);
});

test("absolute conditions", () => {
  expect(matches([{ Condition: "AlwaysTrue" }], {})).toBe(true);
  expect(matches([{ Condition: "AlwaysFalse" }], {})).toBe(false);
});

describe("combinators", () => {
  type Formula = boolean | { readonly combinator: string; readonly members: readonly Formula[] };

  const { formula } = fc.letrec<{ formula: Formula }>((tie) => ({
    formula: fc.oneof(
      { maxDepth: 4 },
      fc.boolean(),
      fc.record({
        combinator: fc.constantFrom("All", "Any", "OnlyOne", "None"),
        members: fc.array(tie("formula"), { minLength: 1, maxLength: 4 }),
      }),
    ),
  }));

  function expressionOf(formula: Formula): JsonValue {
    if (typeof formula === "boolean") return { Condition: formula ? "AlwaysTrue" : "AlwaysFalse" };
    return { [formula.combinator]: formula.members.map(expressionOf) };
  }

  function truthOf(formula: Formula): boolean {
    if (typeof formula === "boolean") return formula;
    const count = formula.members.filter(truthOf).length;
    if (formula.combinator === "All") return count === formula.members.length;
    if (formula.combinator === "Any") return count > 0;
    return formula.combinator === "None" ? count === 0 : count === 1;
  }

  test("follow boolean algebra", () => {
    fc.assert(
      fc.property(formula, (formula) => {
        expect(matches([expressionOf(formula)], {})).toBe(truthOf(formula));
      }),
    );
  });

  test.each(["All", "None"])("%s without expressions holds", (combinator) => {
    expect(matches([{ [combinator]: [] }], {})).toBe(true);
  });
});

describe("conditions on the elements of a list", () => {
  const quantifiers = {
    AnyElement: (count: number) => count > 0,
    AllElements: (count: number, length: number) => count === length,
    OnlyOneElement: (count: number) => count === 1,
    NoElement: (count: number) => count === 0,
  };

  function elements(condition: string, key = "list"): JsonValue {
    return [{ KeyPath: key, Condition: condition, Expressions: [equals("hit", true)] }];
  }

  test.each(Object.entries(quantifiers))(
    "%s counts the elements that its expressions hold for",
    (name, model) => {
      fc.assert(
        fc.property(fc.array(fc.boolean()), (hits) => {
          const count = hits.filter(Boolean).length;
          expect(matches(elements(name), { list: hits.map((hit) => ({ hit })) })).toBe(
            model(count, hits.length),
          );
        }),
      );
    },
  );

  test("all expressions must hold for the same element", () => {
    const Expressions = [equals("a", 1), equals("b", 2)];
    const expressions = [{ Key: "list", Condition: "AnyElement", Expressions }];
    expect(matches(expressions, { list: [{ a: 1 }, { b: 2 }] })).toBe(false);
    expect(matches(expressions, { list: [{ a: 1 }, { a: 1, b: 2 }] })).toBe(true);
  });

  test.each([{}, { list: null }, { list: "text" }, { list: { hit: true } }])(
    "only NoElement holds for %j",
    (event) => {
      const holding = Object.keys(quantifiers).filter((name) => matches(elements(name), event));
      expect(holding).toEqual(["NoElement"]);
    },
  );

  test("elements that are not objects have no fields", () => {
    expect(matches(elements("AnyElement"), { list: [1, "hit", null, [true]] })).toBe(false);
  });

  test("a path with several lists takes the elements of all", () => {
    const event = { groups: [{ list: [{ hit: false }] }, { list: [{ hit: true }] }, { list: "none" }] };
    expect(matches(elements("OnlyOneElement", "groups[*].list"), event)).toBe(true);
    expect(matches(elements("AllElements", "groups[*].list"), event)).toBe(false);
  });

  test("they nest", () => {
    const Expressions = [{ KeyPath: "list", Condition: "AllElements", Expressions: [equals("hit", true)] }];
    const expressions = [{ Key: "groups", Condition: "AnyElement", Expressions }];
    expect(matches(expressions, { groups: [{ list: [{ hit: false }] }, { list: [{ hit: true }] }] })).toBe(
      true,
    );
    expect(matches(expressions, { groups: [{ list: [{ hit: false }] }] })).toBe(false);
  });
});

describe("a comparison of two keys", () => {
  function compare(condition: string, right = "b"): JsonValue {
    return [{ Condition: condition, Values: [{ KeyPath: "a" }, { KeyPath: right }] }];
  }

  test.each<[string, { a: JsonValue; b: JsonValue }, boolean]>([
    ["Equals", { a: "x", b: "x" }, true],
    ["Equals", { a: 1, b: "1" }, false],
    ["Equals", { a: [1, { c: 2 }], b: [1, { c: 2 }] }, true],
    ["Equals", { a: [1], b: [2] }, false],
    ["Equals", { a: null, b: null }, true],
    ["DoesNotEqual", { a: "x", b: "y" }, true],
    ["IEquals", { a: "X", b: "x" }, true],
    ["IsGreaterThan", { a: 3, b: 2 }, true],
    ["IsGreaterThan", { a: 2, b: 3 }, false],
    ["IsLessThanOrEqual", { a: "a", b: "b" }, true],
    ["StartsWith", { a: "abc", b: "ab" }, true],
    ["Contains", { a: ["x", "y"], b: "y" }, true],
    ["IDoesNotContain", { a: "ABC", b: "b" }, false],
  ])("%s of %j is %j", (condition, event, expected) => {
    expect(matches(compare(condition), event)).toBe(expected);
  });

  test.each([{}, { a: 1 }, { b: 1 }])("holds for the inverse only where a key is missing: %j", (event) => {
    expect([matches(compare("Equals"), event), matches(compare("DoesNotEqual"), event)]).toEqual([
      false,
      true,
    ]);
  });

  test("holds when one of several values passes", () => {
    expect(matches(compare("IsLessThan", "list[*]"), { a: 3, list: [1, 2, 4] })).toBe(true);
    expect(matches(compare("IsLessThan", "list[*]"), { a: 4, list: [1, 2, 4] })).toBe(false);
  });
});

describe("inline filters", () => {
  const prod = { KeyPath: "env", Condition: "Equals", Value: "prod" };

  test("let pass what holds and nothing else", () => {
    expect(passes([prod], { env: "prod" })).toBe(true);
    expect(passes([prod], { env: "test" })).toBe(false);
  });

  test("let an event pass that lacks the field", () => {
    expect(passes([prod], {})).toBe(true);
    expect(passes([{ KeyPath: "a[*].ip", Condition: "IsIPAddressPublic" }], { a: [] })).toBe(true);
  });

  test("take null for a value that no condition but an inverse one holds for", () => {
    expect(passes([prod], { env: null })).toBe(false);
    expect(passes([{ ...prod, Condition: "DoesNotEqual" }], { env: null })).toBe(true);
  });

  test.each([
    ["Exists", false],
    ["IsNotNull", false],
    ["IsNotNullOrEmpty", false],
    ["DoesNotExist", true],
    ["IsNull", true],
    ["IsNullOrEmpty", true],
  ])("judge a missing field where they ask for it: %s", (condition, expected) => {
    expect(passes([{ KeyPath: "env", Condition: condition }], {})).toBe(expected);
  });

  test("let everything pass when they are empty", () => {
    expect(passes([], { env: "test" })).toBe(true);
    expect(passes([{ All: [] }], { env: "test" })).toBe(true);
  });

  test("combine with Any and All", () => {
    const eu = { KeyPath: "region", Condition: "StartsWith", Value: "eu-" };
    expect(passes([{ Any: [prod, eu] }], { env: "test", region: "eu-1" })).toBe(true);
    expect(passes([{ All: [prod, eu] }], { env: "test", region: "eu-1" })).toBe(false);
  });

  test("look at enrichment", () => {
    const Enrichment = { Table: "hosts", Selector: "ip", FieldPath: "owner" };
    const filters = [{ Enrichment, Condition: "IsIn", Values: ["red", "blue"] }];
    const enriched = (owner: string): boolean =>
      passes(filters, { p_enrichment: { hosts: { ip: { owner } } } });
    expect([enriched("blue"), enriched("green")]).toEqual([true, false]);
  });
});
