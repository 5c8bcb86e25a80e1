import { parseDurationMs, type Duration } from "../../core/durations.ts";
import { defaultLimits } from "../../core/limits.ts";
import type {
  RuleTestDefinition,
  TestExpectationDefinition,
  TestExpectedItemDefinition,
  TestItemDefinition,
  TestMatchesDefinition,
  TestMockAnswer,
  TestMockDefinition,
  TestOutcomeDefinition,
} from "../../rules/test-definition.ts";
import type { RuleManifest } from "../../rules/manifest.ts";
import { patternProblems } from "./expected-value.ts";
import type { ExpectedItem, RuleTest, TestExpectation, TestItem, TestMock } from "./model.ts";
import { isPlainObject, type Report } from "./plain-value.ts";
import { durationMessage, type EventResolver } from "./resolve-events.ts";
import { mockAnswerSchema, mockKeys } from "./schema.ts";

type Path = readonly PropertyKey[];

export interface TestOfRule {
  readonly rule: RuleManifest;
  readonly definition: RuleTestDefinition;
  /** Where the definition stands among the tests of `file`. */
  readonly path: Path;
  readonly file: string;
  readonly line: number;
}

/** Makes what the runner runs of a definition that was found to be of the right form. What is still wrong is reported. */
export function toRuleTest(test: TestOfRule, events: EventResolver, report: Report): RuleTest {
  const { rule, definition, path, file, line } = test;
  const resolved = events.resolve(definition, path, rule.logTypes[0] ?? "");
  const conversion = new Conversion(report, resolved.events.length);
  return {
    ruleId: rule.id,
    name: definition.name,
    file,
    line,
    events: resolved.events,
    nowMs: resolved.startMs,
    state: conversion.items(definition.state ?? {}, [...path, "state"]),
    mocks: conversion.mocks(definition.mocks ?? {}, [...path, "mocks"]),
    expect: conversion.expectation(definition.expect, [...path, "expect"]),
  };
}

class Conversion {
  readonly #report: Report;
  readonly #events: number;

  constructor(report: Report, events: number) {
    this.#report = report;
    this.#events = events;
  }

  items(definitions: Readonly<Record<string, TestItemDefinition>>, path: Path): readonly TestItem[] {
    return Object.entries(definitions).map(([key, definition]) => this.#item(key, definition, path));
  }

  mocks(definitions: Readonly<Record<string, TestMockDefinition>>, path: Path): readonly TestMock[] {
    return Object.entries(definitions).map(([name, definition]) => ({
      name,
      answer: this.#answer(definition, [...path, name]),
    }));
  }

  expectation(definition: TestExpectationDefinition, path: Path): TestExpectation {
    if (!isOutcome(definition)) {
      return {
        matches: this.#matches(definition, path),
        alerts: undefined,
        state: undefined,
        errors: undefined,
      };
    }
    const { matches, alerts, state, errors } = definition;
    if (Array.isArray(alerts)) this.#checkPatterns(alerts, [...path, "alerts"]);
    return {
      matches: matches === undefined ? undefined : this.#matches(matches, [...path, "matches"]),
      alerts,
      state: state === undefined ? undefined : this.#expectedItems(state, [...path, "state"]),
      errors,
    };
  }

  /** One boolean for each event. */
  #matches(definition: TestMatchesDefinition, path: Path): readonly boolean[] {
    const all = Array.from({ length: this.#events }, (_, index) => index);
    if (definition === true && this.#events > 1) {
      this.#report(path, "say which of the events match, such as [2, 3] for the second and the third");
    }
    if (typeof definition === "boolean") return all.map(() => definition);
    // An empty list says that none matches, in either form.
    if (definition.length === 0) return all.map(() => false);
    if (isBooleans(definition)) {
      if (definition.length === this.#events) return definition;
      const advice = "give one for each event, or the numbers of those that match";
      this.#report(path, `it has ${definition.length} answers for ${this.#events} events: ${advice}`);
      return all.map(() => false);
    }
    const numbers: readonly number[] = definition;
    for (const number of numbers) {
      if (number > this.#events)
        this.#report(path, `there is no event ${number}: the test has ${this.#events}`);
    }
    return all.map((index) => numbers.includes(index + 1));
  }

  #expectedItems(
    definitions: Readonly<Record<string, TestExpectedItemDefinition | null>>,
    path: Path,
  ): readonly ExpectedItem[] {
    return Object.entries(definitions).map(([key, definition]) => this.#expectedItem(key, definition, path));
  }

  #item(key: string, { expires, ...columns }: TestItemDefinition, path: Path): TestItem {
    const place = [...path, key];
    this.#checkKey(key, place);
    if (Object.keys(columns).length === 0) {
      this.#report(place, "it holds nothing: give count, strings or dictionary");
    }
    return { key, ...columns, ...this.#expiry(expires, place) };
  }

  #expectedItem(key: string, definition: TestExpectedItemDefinition | null, path: Path): ExpectedItem {
    const place = [...path, key];
    this.#checkKey(key, place);
    if (definition === null) return { key, absent: true };
    const { expires, ...columns } = definition;
    this.#checkPatterns([columns.dictionary], place);
    return { key, ...columns, ...this.#expiry(expires, place) };
  }

  #checkPatterns(expected: readonly unknown[], path: Path): void {
    for (const [index, member] of expected.entries()) {
      for (const problem of patternProblems(member)) this.#report([...path, index], problem);
    }
  }

  #expiry(expires: Duration | undefined, path: Path): { readonly expiresInMs?: number } {
    if (expires === undefined) return {};
    if (expires === 0) return { expiresInMs: Number.POSITIVE_INFINITY };
    const expiresInMs = parseDurationMs(expires);
    if (expiresInMs !== undefined && expiresInMs > 0) return { expiresInMs };
    this.#report([...path, "expires"], `${durationMessage(expires)}, longer than nothing; 0 for no expiry`);
    return {};
  }

  #checkKey(key: string, path: Path): void {
    const bytes = Buffer.byteLength(key);
    if (bytes > 0 && bytes <= defaultLimits.keyBytesMax) return;
    this.#report(path, `a state key has 1 to ${defaultLimits.keyBytesMax} bytes, not ${bytes}`);
  }

  #answer(definition: TestMockDefinition, path: Path): TestMock["answer"] {
    if (!isAnswerForm(definition)) return { kind: "value", value: definition };
    const checked = mockAnswerSchema.safeParse(definition);
    const ways = ["returns", "returnsEach", "throws", "cases"].filter((key) => key in definition);
    if (!checked.success || ways.length !== 1 || ("otherwise" in definition && ways[0] !== "cases")) {
      const forms = "returns, returnsEach, throws, or cases with otherwise";
      this.#report(
        path,
        `a mock has exactly one of ${forms}; to answer an object with such a key, put it under returns`,
      );
      return { kind: "value", value: null };
    }
    const { returns, returnsEach, throws, cases, otherwise } = definition;
    if (returns !== undefined) return { kind: "value", value: returns };
    if (returnsEach !== undefined) return { kind: "sequence", values: returnsEach };
    if (throws !== undefined) return { kind: "error", message: throws };
    return {
      kind: "by-argument",
      cases: (cases ?? []).map(({ arguments: given, returns }) => ({ arguments: given, value: returns })),
      ...(otherwise === undefined ? {} : { otherwise }),
    };
  }
}

function isAnswerForm(definition: TestMockDefinition): definition is TestMockAnswer {
  return isPlainObject(definition) && Object.keys(definition).some((key) => mockKeys.has(key));
}

function isOutcome(definition: TestExpectationDefinition): definition is TestOutcomeDefinition {
  return isPlainObject(definition);
}

function isBooleans(list: readonly boolean[] | readonly number[]): list is readonly boolean[] {
  return typeof list[0] === "boolean";
}
