import { isDeepStrictEqual } from "node:util";

import type { JsonValue } from "../../../core/json.ts";
import { addressFamily, isPrivate, isPublic, Networks } from "./addresses.ts";
import { isList, isObject, type Test } from "./selection.ts";

export type Scalar = string | number | boolean;

/**
 * A condition. It asks a test of the values that its key leads to and holds when one of them passes; so without a value it
 * does not hold. An inverse condition holds exactly when the condition that it turns round does not: `DoesNotEqual` holds
 * where no value equals, and where there is no value.
 */
export type Condition = { readonly inverse: boolean } & (
  | NullaryCondition
  | ComparingCondition
  | MembershipCondition
  | NetworkCondition
);

/** A condition that looks at a value alone. */
interface NullaryCondition {
  readonly operand: "nothing";
  readonly test: Test;
  /** True when what it asks is whether there is a value at all. */
  readonly asksPresence: boolean;
}

/** A condition that compares a value with `Value`, or the values of two keys with one another. */
interface ComparingCondition {
  readonly operand: "value";
  /** The types that `Value` may have. */
  readonly types: readonly ScalarType[];
  readonly compare: Compare;
  /** The test for one `Value`. */
  readonly testOf: (operand: Scalar) => Test;
}

/** A condition that looks for a value among `Values`. */
interface MembershipCondition {
  readonly operand: "values";
  readonly testOf: (operands: readonly Scalar[]) => Test;
}

/** A condition on addresses and networks, with a `Value` or with `Values`. */
interface NetworkCondition {
  readonly operand: "networks";
  /** `undefined` for an operand that is not of the form asked for. */
  readonly testOf: (operands: readonly string[]) => Test | undefined;
  /** What each operand must be, for messages. */
  readonly form: string;
}

type ScalarType = "string" | "number" | "boolean";
type Compare = (left: JsonValue, right: JsonValue) => boolean;

const anyScalar = ["string", "number", "boolean"] as const;

/** Every condition on a key by its name, but for those on the elements of a list. */
export const conditions: ReadonlyMap<string, Condition> = new Map([
  ...both("Equals", "DoesNotEqual", comparing(anyScalar, equals)),
  ...both("StartsWith", "DoesNotStartWith", comparing(["string"], startsWith)),
  ...both("EndsWith", "DoesNotEndWith", comparing(["string"], endsWith)),
  ...both("Contains", "DoesNotContain", comparing(anyScalar, contains)),
  ...both("IEquals", "IDoesNotEqual", ignoringCase(equals)),
  ...both("IStartsWith", "IDoesNotStartWith", ignoringCase(startsWith)),
  ...both("IEndsWith", "IDoesNotEndWith", ignoringCase(endsWith)),
  ...both("IContains", "IDoesNotContain", ignoringCase(contains)),
  ...ordering("IsGreaterThan", (order) => order > 0),
  // Panther's own texts write the names of these two with and without the s.
  ...ordering("IsGreaterThanOrEqual", (order) => order >= 0),
  ...ordering("IsGreaterThanOrEquals", (order) => order >= 0),
  ...ordering("IsLessThan", (order) => order < 0),
  ...ordering("IsLessThanOrEqual", (order) => order <= 0),
  ...ordering("IsLessThanOrEquals", (order) => order <= 0),
  ...both("IsIn", "IsNotIn", { operand: "values", testOf: isIn }),
  ...both(
    "Exists",
    "DoesNotExist",
    asking(() => true),
  ),
  ...both(
    "IsNotNull",
    "IsNull",
    asking((value) => value !== null),
  ),
  ...both("IsNotNullOrEmpty", "IsNullOrEmpty", asking(isNotEmpty)),
  ...one(
    "IsIPAddress",
    ofValue((value) => addressFamily(value) !== 0),
  ),
  ...one(
    "IsIPv4Address",
    ofValue((value) => addressFamily(value) === 4),
  ),
  ...one(
    "IsIPv6Address",
    ofValue((value) => addressFamily(value) === 6),
  ),
  ...one("IsIPAddressPublic", ofValue(isPublic)),
  ...one("IsIPAddressPrivate", ofValue(isPrivate)),
  ...both("IsIPAddressInCIDR", "IsIPAddressNotInCIDR", {
    operand: "networks",
    testOf: isInNetworks,
    form: "a network such as 10.0.0.0/8",
  }),
  ...both("CIDRContainsIPAddresses", "CIDRDoesNotContainIPAddresses", {
    operand: "networks",
    testOf: containsAddresses,
    form: "an address such as 10.0.0.1",
  }),
]);

type Kind = NullaryCondition | ComparingCondition | MembershipCondition | NetworkCondition;

function one(name: string, kind: Kind): [string, Condition][] {
  return [[name, { ...kind, inverse: false }]];
}

function both(name: string, inverseName: string, kind: Kind): [string, Condition][] {
  return [...one(name, kind), [inverseName, { ...kind, inverse: true }]];
}

function ofValue(test: Test): NullaryCondition {
  return { operand: "nothing", test, asksPresence: false };
}

function asking(test: Test): NullaryCondition {
  return { operand: "nothing", test, asksPresence: true };
}

function comparing(types: readonly ScalarType[], compare: Compare): ComparingCondition {
  return {
    operand: "value",
    types,
    compare,
    testOf: (operand) => (value) => compare(value, operand),
  };
}

function ignoringCase(compare: Compare): ComparingCondition {
  return {
    operand: "value",
    types: ["string"],
    compare: (left, right) => compare(lowerCase(left), lowerCase(right)),
    testOf: (operand) => {
      const lower = lowerCase(operand);
      return (value) => compare(lowerCase(value), lower);
    },
  };
}

/** Numbers are ordered among themselves, texts by their code units; values of different types have no order. */
function ordering(name: string, holds: (order: number) => boolean): [string, Condition][] {
  const compare: Compare = (left, right) => {
    if (typeof left === "number" && typeof right === "number") return holds(order(left, right));
    return typeof left === "string" && typeof right === "string" && holds(order(left, right));
  };
  return one(name, comparing(["string", "number"], compare));
}

function order<T extends number | string>(left: T, right: T): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Texts and the texts in a list in lower case; other values as they are. */
function lowerCase(value: JsonValue): JsonValue {
  if (typeof value === "string") return value.toLowerCase();
  if (!isList(value)) return value;
  return value.map((member) => (typeof member === "string" ? member.toLowerCase() : member));
}

/** Values of different types are never equal: neither 1 and "1" nor 1 and true. */
function equals(left: JsonValue, right: JsonValue): boolean {
  if (typeof left !== "object" || typeof right !== "object") return left === right;
  return isDeepStrictEqual(left, right);
}

function startsWith(left: JsonValue, right: JsonValue): boolean {
  return typeof left === "string" && typeof right === "string" && left.startsWith(right);
}

function endsWith(left: JsonValue, right: JsonValue): boolean {
  return typeof left === "string" && typeof right === "string" && left.endsWith(right);
}

/** A text contains its parts, a list its members. */
function contains(left: JsonValue, right: JsonValue): boolean {
  if (typeof left === "string") return typeof right === "string" && left.includes(right);
  return isList(left) && left.some((member) => equals(member, right));
}

function isIn(operands: readonly Scalar[]): Test {
  const members = new Set<JsonValue>(operands);
  return (value) => members.has(value);
}

function isNotEmpty(value: JsonValue): boolean {
  if (value === null || value === "") return false;
  if (isList(value)) return value.length > 0;
  return !isObject(value) || Object.keys(value).length > 0;
}

/** True for an address in one of the networks. */
function isInNetworks(cidrs: readonly string[]): Test | undefined {
  const networks = new Networks();
  if (!cidrs.every((cidr) => networks.add(cidr))) return undefined;
  return (value) => networks.has(value);
}

/** True for a network that all the addresses are in. */
function containsAddresses(addresses: readonly string[]): Test | undefined {
  if (!addresses.every((address) => addressFamily(address) !== 0)) return undefined;
  return (value) => {
    if (typeof value !== "string") return false;
    const network = new Networks();
    return network.add(value) && addresses.every((address) => network.has(address));
  };
}
