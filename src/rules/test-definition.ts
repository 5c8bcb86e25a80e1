import type { Duration } from "../core/durations.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { Severity } from "../core/severity.ts";

/**
 * A moment: ISO 8601 text (UTC where it names no zone), seconds since 1970, or in TypeScript a `Date`.
 */
export type TestTime = string | number | Date;

/**
 * One test of a rule: events in order, and what they must lead to. It runs on the real engine, on state of its own, on a
 * clock that only the events move. The same shape stands in a rule's `tests` and in the file beside it.
 */
export interface RuleTestDefinition {
  /** Names the test among those of its rule. Not empty, none twice. */
  readonly name: string;
  /** The only event. Give either this or `events`. */
  readonly event?: TestEventDefinition;
  /** The events in order; at least one. */
  readonly events?: readonly TestEventDefinition[];
  /**
   * The engine clock before the first event, and what `after` of the first event counts from. Default: the time of the
   * first event that has one, or else 2026-01-01T00:00:00Z.
   */
  readonly now?: TestTime;
  /** What is remembered before the first event, by key. Default: nothing. */
  readonly state?: Readonly<Record<string, TestItemDefinition>>;
  /** Answers in place of what the rule's module imports, by name. A name that is not imported or never called fails the test. */
  readonly mocks?: Readonly<Record<string, TestMockDefinition>>;
  /** What must come of it. */
  readonly expect: TestExpectationDefinition;
}

/**
 * One event: its fields as they stand, or under `fields`, or from a file, or a named base event; with a patch and a time
 * where wanted. The keys below always mean what is said here, so an event of a log that has such a field itself is
 * written under `fields`.
 */
export interface TestEventDefinition {
  /** The event's fields, where they are not given beside the other keys. */
  readonly fields?: JsonObject;
  /** A file of JSON with one event, relative to the file of the test. */
  readonly file?: string;
  /** Name of a base event: one of `events` at the top of the test file. */
  readonly base?: string;
  /** Changes to the fields (JSON Merge Patch, RFC 7396): objects merge, `null` removes a field, all else replaces. */
  readonly patch?: JsonObject;
  /** The event's time. It is written into the time field of its log type. Default: what the fields say. */
  readonly at?: TestTime;
  /** The event's time, as a duration after the event before it; for the first event after `now`. */
  readonly after?: Duration;
  /** Puts the event there so many times, 1 to 10,000; `after` counts for each of them. Default: 1. */
  readonly repeat?: number;
  /** Fields of the event, whatever its log has. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a log decides which fields it has
  readonly [field: string]: any;
}

/** What is remembered under a key. */
export interface TestItemDefinition {
  /** A counter. */
  readonly count?: number;
  /** A string set. */
  readonly strings?: readonly string[];
  /** A dictionary. */
  readonly dictionary?: JsonObject;
  /** When it ends, as a duration after the start of the test; `0` never. Default: 90 days, as for a new item. */
  readonly expires?: Duration;
}

/** What a mock can answer: any JSON value, or a set of strings (in YAML `!!set {a, b}`). */
export type TestMockValue = JsonValue | ReadonlySet<string>;

/**
 * The value to answer, or one of the forms below where the answer is not always the same. An object with one of the
 * keys below is such a form; to answer an object that has one itself, put it under `returns`.
 *
 * Mocked state helpers answer a promise, and those that answer a string set make one of a list.
 */
export type TestMockDefinition = TestMockValue | TestMockAnswer;

/** How a mock answers; exactly one of `returns`, `returnsEach`, `throws`, `cases`. */
export interface TestMockAnswer {
  /** The same answer to every call. */
  readonly returns?: TestMockValue;
  /** The answers to the first, second, … call. A call beyond the last one fails. */
  readonly returnsEach?: readonly TestMockValue[];
  /** Every call fails with an error of this message. */
  readonly throws?: string;
  /** Answers by argument: the first case whose `arguments` equal the first arguments of the call. */
  readonly cases?: readonly {
    readonly arguments: readonly JsonValue[];
    readonly returns: JsonValue;
  }[];
  /** The answer where no case fits. Default: such a call fails. */
  readonly otherwise?: JsonValue;
}

/**
 * `true` or `false` for a single event; for a sequence `false` (none matches), a list with `true` or `false` for each
 * event, or a list with the numbers of the events that match, counted from 1; or an object that says more.
 */
export type TestExpectationDefinition = TestMatchesDefinition | TestOutcomeDefinition;

export type TestMatchesDefinition = boolean | readonly boolean[] | readonly number[];

/** What must come of the events. What is left out is not checked, except that a rule error always fails a test that expects none. */
export interface TestOutcomeDefinition {
  /** Which events match. */
  readonly matches?: TestMatchesDefinition;
  /** How many alerts are raised, or each of them in order. */
  readonly alerts?: number | readonly TestAlertDefinition[];
  /** What is remembered after the last event, by key; `null` for a key that must be absent. Other keys are not checked. */
  readonly state?: Readonly<Record<string, TestExpectedItemDefinition | null>>;
  /** For each rule error in order, a text that its message contains. Default: none may occur. */
  readonly errors?: readonly string[];
}

/**
 * A value that must be equal; or, at any depth, `{ contains: … }` (part of a text, some members of a list, some fields of
 * an object) or `{ matches: "pattern" }` (a regular expression that a text fits).
 */
export type TestValueDefinition = JsonValue;

/** An alert. What is left out is not checked. */
export interface TestAlertDefinition {
  readonly title?: TestValueDefinition;
  readonly severity?: Severity;
  /** The dedup key. */
  readonly dedup?: TestValueDefinition;
  /** The alert context. */
  readonly context?: TestValueDefinition;
  /** Names of the destinations. */
  readonly destinations?: readonly string[];
}

/** What must be remembered under a key. What is left out is not checked. */
export interface TestExpectedItemDefinition {
  /** The counter; 0 where nothing is counted. */
  readonly count?: number;
  /** All members of the string set, in any order. */
  readonly strings?: readonly string[];
  readonly dictionary?: TestValueDefinition;
  /** What is left of its lifetime on the engine clock, exactly to the millisecond; `0` for no expiry. */
  readonly expires?: Duration;
}

/** What a test file beside a rule holds: a list of tests, or this. */
export interface RuleTestFile {
  /** Id of the rule that the tests are for. Default: the rule in the file of the same name. */
  readonly rule?: string;
  /** Base events by name, for `base`. One can be a patch of another. */
  readonly events?: Readonly<Record<string, TestEventDefinition>>;
  readonly tests: readonly RuleTestDefinition[];
}
