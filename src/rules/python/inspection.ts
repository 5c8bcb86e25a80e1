import type { JsonValue } from "../../core/json.ts";
import { messageOf } from "../../core/errors.ts";
import type { ConditionRecord } from "../test-instrument.ts";
import type { PythonInterpreter } from "./boot.ts";
import { toHostFunction } from "./host-function.ts";
import { toError } from "./python-error.ts";

/** The functions of `python/stakeout_engine/inspection.py`. */
interface Inspection {
  connect(answerCall: unknown): void;
  watch(number: number): void;
  unwatch(number: number): void;
  start_recording(): void;
  take_recording(): string;
  is_constant(number: number, name: string): boolean;
  mock_call(number: number, name: string): string;
  mock_value(number: number, name: string, value: string): string;
}

/** Answers a call of a mock; arguments as JSON has them. */
export type MockFunction = (...args: unknown[]) => unknown;

/** What tests and explanations do with the rules of an interpreter besides asking them. */
export class PythonInspection {
  readonly #python: Inspection;
  readonly #mocks = new Map<string, MockFunction>();

  constructor({ pyodide }: PythonInterpreter) {
    this.#python = pyodide.pyimport("stakeout_engine.inspection");
    this.#python.connect(toHostFunction((name, given) => this.#answer(String(name), String(given))));
  }

  /** Runs a rule from a copy of its module that notes conditions, where its file can be run a second time. */
  watch(number: number): void {
    this.#python.watch(number);
  }

  /** Runs it from its own module again. */
  unwatch(number: number): void {
    this.#python.unwatch(number);
  }

  startRecording(): void {
    this.#python.start_recording();
  }

  /** Ends the recording and answers it. */
  takeRecording(): readonly ConditionRecord[] {
    return JSON.parse(this.#python.take_recording()) as readonly ConditionRecord[];
  }

  /** True where a name of the rule's module stands for nothing that can be called. */
  isConstant(number: number, name: string): boolean {
    return this.#python.is_constant(number, name);
  }

  /** Has calls of a name of the rule's module answered by a function. Throws for a name that it does not have. */
  mock(number: number, name: string, replacement: MockFunction): void {
    this.#mocks.set(name, replacement);
    throwFailure(this.#python.mock_call(number, name));
  }

  /** Puts a value in the place of a name of the rule's module. Throws for a name that it does not have. */
  mockValue(number: number, name: string, value: JsonValue): void {
    throwFailure(this.#python.mock_value(number, name, JSON.stringify(value)));
  }

  /** Plain text, because an exception or an object of this side must not reach Python. */
  #answer(name: string, given: string): string {
    try {
      const value = this.#mocks.get(name)?.(...(JSON.parse(given) as unknown[])) ?? null;
      return JSON.stringify(value instanceof Set ? { set: [...value] } : { value });
    } catch (error) {
      return JSON.stringify({ error: { message: messageOf(error) } });
    }
  }
}

function throwFailure(text: string): void {
  if (text !== "") throw toError(text, "");
}
