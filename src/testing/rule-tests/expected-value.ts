import { createContext, Script } from "node:vm";

import { messageOf } from "../../core/errors.ts";
import { isPlainObject } from "./plain-value.ts";

/** Longest that one pattern may take over one text. */
const patternTimeMs = 250;

/**
 * True when a value is what a test expects: equal, or as `{ contains: … }` and `{ matches: "pattern" }` at any depth say. A
 * pattern that is no regular expression, or that takes too long, throws a sentence about it.
 */
export function isExpected(expected: unknown, actual: unknown): boolean {
  const matcher = matcherOf(expected);
  if (matcher !== undefined) {
    return matcher.kind === "contains" ? contains(matcher.value, actual) : fitsPattern(matcher.value, actual);
  }
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      expected.length === actual.length &&
      expected.every((member, index) => isExpected(member, actual[index]))
    );
  }
  if (!isPlainObject(expected)) return expected === actual;
  if (!isPlainObject(actual) || Object.keys(expected).length !== Object.keys(actual).length) return false;
  return Object.entries(expected).every(
    ([field, value]) => Object.hasOwn(actual, field) && isExpected(value, actual[field]),
  );
}

/** Text within text, members among members, fields among fields; objects within objects need not be whole either. */
function contains(expected: unknown, actual: unknown): boolean {
  if (matcherOf(expected) !== undefined) return isExpected(expected, actual);
  if (typeof expected === "string" && typeof actual === "string") return actual.includes(expected);
  if (Array.isArray(actual)) {
    const members = Array.isArray(expected) ? expected : [expected];
    return members.every((member) => actual.some((candidate) => isExpected(member, candidate)));
  }
  if (!isPlainObject(expected) || !isPlainObject(actual)) return isExpected(expected, actual);
  return Object.entries(expected).every(([field, value]) => {
    if (!Object.hasOwn(actual, field)) return false;
    return isPlainObject(value) ? contains(value, actual[field]) : isExpected(value, actual[field]);
  });
}

interface Matcher {
  readonly kind: "contains" | "matches";
  readonly value: unknown;
}

/** An object with nothing but one of these keys is a matcher. */
function matcherOf(expected: unknown): Matcher | undefined {
  if (!isPlainObject(expected)) return undefined;
  const [kind, second] = Object.keys(expected);
  if (second !== undefined || (kind !== "contains" && kind !== "matches")) return undefined;
  return { kind, value: expected[kind] };
}

/** What is wrong with the patterns in an expected value. */
export function patternProblems(expected: unknown): readonly string[] {
  const matcher = matcherOf(expected);
  if (matcher?.kind === "matches") {
    const problem = patternProblem(matcher.value);
    return problem === undefined ? [] : [problem];
  }
  if (typeof expected !== "object" || expected === null) return [];
  return Object.values(expected).flatMap(patternProblems);
}

function patternProblem(pattern: unknown): string | undefined {
  if (typeof pattern !== "string") return "a pattern is text";
  try {
    void new RegExp(pattern, "u");
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

// A regular expression that never ends can be ended only from outside, which is what a script's time limit does.
const search = new Script("new RegExp(pattern, 'u').test(text)");
let context: { pattern?: string; text?: string } | undefined;

function fitsPattern(pattern: unknown, text: unknown): boolean {
  if (typeof text !== "string") return false;
  context ??= createContext({});
  context.pattern = String(pattern);
  context.text = text;
  try {
    return search.runInContext(context, { timeout: patternTimeMs }) === true;
  } catch (error) {
    throw new Error(`the pattern ${JSON.stringify(pattern)} cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
