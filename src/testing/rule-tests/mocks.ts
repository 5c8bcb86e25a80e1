import { isDeepStrictEqual } from "node:util";

import { messageOf } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import { didYouMean } from "../../rules/check-definition.ts";
import { nearest } from "../../rules/nearest.ts";
import type { TestInstrument } from "../../rules/test-instrument.ts";
import type { RuleTest, TestFailure, TestMock } from "./model.ts";
import { toShown } from "./plain-value.ts";

/** The helpers of "stakeout" that answer a promise; those of Python have other names and answer at once. */
const stateHelpers: ReadonlySet<string> = new Set([
  "getCounter",
  "incrementCounter",
  "resetCounter",
  "setKeyExpiration",
  "getStringSet",
  "putStringSet",
  "addToStringSet",
  "removeFromStringSet",
  "resetStringSet",
  "getDictionary",
  "putDictionary",
  "evaluateThreshold",
]);

/** Those that answer a set of strings, which YAML and JSON write as a list; in Python by their names there. */
const setHelpers: ReadonlySet<string> = new Set([
  "getStringSet",
  "addToStringSet",
  "removeFromStringSet",
  "get_string_set",
  "add_to_string_set",
  "remove_from_string_set",
]);

/** A call that a mock answered. */
export interface MockCall {
  readonly name: string;
  readonly arguments: readonly unknown[];
  readonly result: JsonValue;
  readonly error: string | null;
}

/** The mocks of one test while they are in force. */
export class InstalledMocks {
  readonly #ruleId: string;
  readonly #mocks: readonly TestMock[];
  readonly #isPanther: boolean;
  readonly #mockable: ReadonlySet<string>;
  readonly #calls = new Map<string, number>();

  constructor({ ruleId, mocks, isPanther = false }: RuleTest, instrument: TestInstrument) {
    this.#ruleId = ruleId;
    this.#mocks = mocks;
    this.#isPanther = isPanther;
    this.#mockable = mocks.length === 0 ? new Set() : instrument.mockable(ruleId);
  }

  install(instrument: TestInstrument, record: (call: MockCall) => void): void {
    for (const mock of this.#mocks) {
      const { name, answer } = mock;
      if (!this.#mockable.has(name)) continue;
      if (mock.constant === true && answer.kind === "value") {
        const value = structuredClone(answer.value);
        instrument.mockValue(this.#ruleId, name, () => {
          this.#count(name);
          return value;
        });
      } else {
        instrument.mock(this.#ruleId, name, (...given) => this.#answer(mock, given, record));
      }
    }
  }

  #count(name: string): number {
    const number = (this.#calls.get(name) ?? 0) + 1;
    this.#calls.set(name, number);
    return number;
  }

  /** A failure for each mock that names nothing or was never called. */
  failures(): readonly TestFailure[] {
    const failures: TestFailure[] = [];
    for (const { name, constant = false } of this.#mocks) {
      const message = this.#uselessness(name, constant);
      if (message !== undefined) failures.push({ what: "mocks", message, expected: name, actual: null });
    }
    return failures;
  }

  #uselessness(name: string, constant: boolean): string | undefined {
    if (!this.#mockable.has(name)) {
      const suggestion = didYouMean(nearest(name, this.#mockable));
      return `the mock ${name} names nothing that the rule's module imports or, in Python, defines${suggestion}`;
    }
    if (this.#isPanther || this.#calls.has(name)) return undefined;
    return `the mock ${name} was never ${constant ? "used" : "called"}`;
  }

  #answer(mock: TestMock, given: readonly unknown[], record: (call: MockCall) => void): unknown {
    const { name } = mock;
    const number = this.#count(name);
    const call = { name, arguments: given };
    try {
      const answer = valueFor(mock, given, number);
      const value = this.#isPanther ? answer : asAnswerOf(name, answer);
      record({ ...call, result: toShown(value), error: null });
      return stateHelpers.has(name) ? Promise.resolve(value) : value;
    } catch (error) {
      record({ ...call, result: null, error: messageOf(error) });
      if (stateHelpers.has(name)) return Promise.reject(error);
      throw error;
    }
  }
}

function valueFor({ name, answer }: TestMock, given: readonly unknown[], number: number): unknown {
  if (answer.kind === "value") return answer.value;
  if (answer.kind === "error") throw new Error(answer.message);
  if (answer.kind === "sequence") {
    if (number <= answer.values.length) return answer.values[number - 1];
    throw new Error(`the mock ${name} has ${answer.values.length} answers and was called once more`);
  }
  const fitting = answer.cases.find((candidate) => fits(candidate.arguments, given));
  if (fitting !== undefined) return fitting.value;
  if (answer.otherwise !== undefined) return answer.otherwise;
  const shown = JSON.stringify(given.map((argument) => toShown(argument)));
  throw new Error(`the mock ${name} has no case for the arguments ${shown}`);
}

function fits(wanted: readonly JsonValue[], given: readonly unknown[]): boolean {
  return wanted.every(
    (argument, index) => index < given.length && isDeepStrictEqual(toShown(given[index]), argument),
  );
}

/** A copy, so that a rule that changes an answer does not change the next one; of the type that a helper answers. */
function asAnswerOf(name: string, value: unknown): unknown {
  if (setHelpers.has(name) && Array.isArray(value)) return new Set(value);
  if (name === "now" && (typeof value === "string" || typeof value === "number")) {
    return new Date(typeof value === "number" ? value * 1000 : value);
  }
  return structuredClone(value);
}
