import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../../../src/core/json.ts";
import { conditions } from "../../../../src/rules/panther/detection/conditions.ts";
import { matches } from "./fixtures.ts";

interface Case {
  readonly condition: string;
  /** `Value` or `Values`, as the condition takes it. */
  readonly operand?: JsonObject;
  readonly holds: readonly JsonValue[];
  readonly not: readonly JsonValue[];
}

function value(operand: JsonValue): JsonObject {
  return { Value: operand };
}

function values(...operands: readonly JsonValue[]): JsonObject {
  return { Values: operands };
}

/** Of each pair, the condition that is not inverse. `not` values are the ones that the inverse condition holds for. */
const cases: readonly Case[] = [
  { condition: "Equals", operand: value("a"), holds: ["a"], not: ["A", "", "ab", null, ["a"], { a: 1 }, 1] },
  { condition: "Equals", operand: value(1), holds: [1, 1.0], not: ["1", true, 2, null] },
  { condition: "Equals", operand: value(true), holds: [true], not: [1, "true", false, null] },
  { condition: "Equals", operand: value(false), holds: [false], not: [0, "", null, true] },
  { condition: "Equals", operand: value(""), holds: [""], not: [null, " ", 0, [], {}] },
  {
    condition: "IEquals",
    operand: value("Root"),
    holds: ["root", "ROOT"],
    not: ["roots", null, 1, ["root"]],
  },
  {
    condition: "StartsWith",
    operand: value("ab"),
    holds: ["ab", "abc"],
    not: ["Ab", "xab", null, 1, ["ab"]],
  },
  { condition: "IStartsWith", operand: value("aB"), holds: ["AB", "abc"], not: ["xab", null, 1] },
  { condition: "EndsWith", operand: value("yz"), holds: ["yz", "xyz"], not: ["YZ", "yzx", null, 1, ["yz"]] },
  { condition: "IEndsWith", operand: value("Yz"), holds: ["xYZ"], not: ["yzx", null, true] },
  {
    condition: "Contains",
    operand: value("b"),
    holds: ["abc", ["a", "b"]],
    not: ["aBc", ["abc"], null, { b: 1 }, 1],
  },
  { condition: "Contains", operand: value(2), holds: [[1, 2]], not: ["123", [1, "2"], 2, [[2]], null] },
  {
    condition: "IContains",
    operand: value("bC"),
    holds: ["ABCD", ["BC", 1]],
    not: ["acb", ["abcd"], null, 1],
  },
  { condition: "IsGreaterThan", operand: value(2), holds: [2.5, 3], not: [2, 1, "3", true, null, [3]] },
  { condition: "IsGreaterThan", operand: value("b"), holds: ["c", "ba"], not: ["b", "a", "B", 3, null] },
  { condition: "IsGreaterThanOrEqual", operand: value(2), holds: [2, 3], not: [1.9, "2", null] },
  { condition: "IsGreaterThanOrEquals", operand: value(2), holds: [2, 3], not: [1.9, "2", null] },
  { condition: "IsLessThan", operand: value(2), holds: [1.9, -5], not: [2, "1", false, null] },
  { condition: "IsLessThan", operand: value("2026-02"), holds: ["2026-01-31"], not: ["2026-02", null, 5] },
  { condition: "IsLessThanOrEqual", operand: value(2), holds: [2, 1], not: [2.1, "1", null] },
  { condition: "IsLessThanOrEquals", operand: value(2), holds: [2, 1], not: [2.1, "1", null] },
  {
    condition: "IsIn",
    operand: values("a", 1, false),
    holds: ["a", 1, false],
    not: ["A", "1", 0, true, null, ["a"]],
  },
  { condition: "Exists", holds: [null, "", 0, false, [], {}], not: [] },
  { condition: "IsNotNull", holds: ["", 0, false, [], {}], not: [null] },
  { condition: "IsNotNullOrEmpty", holds: [0, false, " ", [null], { a: null }], not: [null, "", [], {}] },
  {
    condition: "IsIPAddress",
    holds: ["10.0.0.1", "::1"],
    not: ["10.0.0", "a", "", 1, null, ["10.0.0.1"], "010.0.0.1"],
  },
  { condition: "IsIPv4Address", holds: ["8.8.8.8"], not: ["::1", "8.8.8", "8.8.8.8/32", null] },
  {
    condition: "IsIPv6Address",
    holds: ["::1", "2001:DB8::1", "fe80::1%eth0"],
    not: ["8.8.8.8", "::g", null],
  },
  {
    condition: "IsIPAddressInCIDR",
    operand: value("10.1.0.0/16"),
    holds: ["10.1.2.3", "::ffff:10.1.2.3"],
    not: ["10.2.0.1", "::10.1.2.3", "10.1.0.0/16", "", null, 1],
  },
  {
    condition: "IsIPAddressInCIDR",
    operand: values("10.1.2.3/16", "2001:db8::/32", "9.9.9.9"),
    holds: ["10.1.255.1", "2001:db8:1::1", "9.9.9.9"],
    not: ["9.9.9.8", "2001:db9::1"],
  },
  { condition: "IsIPAddressInCIDR", operand: value("::/0"), holds: ["::1"], not: ["1.2.3.4"] },
  {
    condition: "CIDRContainsIPAddresses",
    operand: values("10.1.2.3", "10.1.9.9"),
    holds: ["10.1.0.0/16", "0.0.0.0/0"],
    not: ["10.1.2.0/24", "10.1.2.3", "10.1.0.0/33", "nothing", null, 10],
  },
  { condition: "CIDRContainsIPAddresses", operand: value("::1"), holds: ["::/64"], not: ["10.0.0.0/8"] },
];

function holds(condition: string, operand: JsonObject | undefined, event: JsonObject): boolean {
  return matches([{ Key: "field", Condition: condition, ...operand }], event);
}

describe.each(cases)("$condition with $operand", ({ condition, operand, ...expected }) => {
  test.each(expected.holds.map((field) => ({ field })))("holds for $field", (event) => {
    expect(holds(condition, operand, event)).toBe(true);
  });

  test.each(expected.not.map((field) => ({ field })))("does not hold for $field", (event) => {
    expect(holds(condition, operand, event)).toBe(false);
  });

  test("does not hold where the field is missing", () => {
    expect(holds(condition, operand, { other: "a" })).toBe(false);
  });
});

/** Each inverse condition with the one that it turns round. */
const inverses = {
  DoesNotEqual: "Equals",
  IDoesNotEqual: "IEquals",
  DoesNotStartWith: "StartsWith",
  IDoesNotStartWith: "IStartsWith",
  DoesNotEndWith: "EndsWith",
  IDoesNotEndWith: "IEndsWith",
  DoesNotContain: "Contains",
  IDoesNotContain: "IContains",
  IsNotIn: "IsIn",
  DoesNotExist: "Exists",
  IsNull: "IsNotNull",
  IsNullOrEmpty: "IsNotNullOrEmpty",
  IsIPAddressNotInCIDR: "IsIPAddressInCIDR",
  CIDRDoesNotContainIPAddresses: "CIDRContainsIPAddresses",
} as const;

test("the inverse conditions are these", () => {
  const found = [...conditions].filter(([, { inverse }]) => inverse).map(([name]) => name);
  expect(found.sort()).toEqual(Object.keys(inverses).sort());
});

describe.each(Object.entries(inverses))("%s", (inverse, condition) => {
  const own = cases.filter((candidate) => candidate.condition === condition);

  test(`is the opposite of ${condition} for any value`, () => {
    const field = fc.oneof(
      fc.constantFrom(...own.flatMap(({ holds, not }) => [...holds, ...not])),
      fc.jsonValue() as fc.Arbitrary<JsonValue>,
    );
    fc.assert(
      fc.property(fc.constantFrom(...own), field, ({ operand }, field) => {
        expect(holds(inverse, operand, { field })).toBe(!holds(condition, operand, { field }));
      }),
    );
  });

  test("holds where the field is missing", () => {
    for (const { operand } of own) expect(holds(inverse, operand, {})).toBe(true);
  });
});

test("every condition that looks at one event has a case or is the inverse of one that has", () => {
  const covered = new Set([...cases.map(({ condition }) => condition), ...Object.keys(inverses)]);
  const apart = ["IsIPAddressPublic", "IsIPAddressPrivate"];
  expect([...conditions.keys()].filter((name) => !covered.has(name))).toEqual(apart);
});
