import type { JsonValue } from "../core/json.ts";

/** One condition of a rule as it was evaluated. Values are small copies; what JSON cannot hold is `{ "$": text }`. */
export interface ConditionRecord {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Source text of the condition. */
  readonly text: string;
  /** What it came to. */
  readonly value: JsonValue;
  /** The values of the parts it was made of, as far as they were evaluated, by their source text. */
  readonly parts: readonly ConditionPart[];
}

export interface ConditionPart {
  readonly text: string;
  readonly value: JsonValue;
}

/**
 * A look into rules that were loaded for testing: what their conditions saw, and other functions in place of what their
 * modules use. It concerns all rules of one load, and one test at a time.
 */
export interface TestInstrument {
  /** Names that can be mocked, as the rule's module calls them. Empty for an unknown rule. */
  mockable(ruleId: string): ReadonlySet<string>;
  /** True for a mockable name that stands for no function, such as a list. */
  isConstant(ruleId: string, name: string): Promise<boolean>;
  /**
   * Has the rule's module use `replacement` wherever it uses this name, until `clearMocks`. Other modules, those that it
   * imports among them, go on with their own. Throws `NOT_FOUND` for a name that is not `mockable`.
   */
  mock(ruleId: string, name: string, replacement: (...args: unknown[]) => unknown): void;
  /** Like `mock` for a name that is no function: `read` answers the value wherever the module uses the name. */
  mockValue(ruleId: string, name: string, read: () => unknown): void;
  /** Ends every mock of every rule. */
  clearMocks(): void;
  /**
   * Has the conditions of a rule recorded between `startTrace` and `takeTrace`, until the answer is disposed of. It comes
   * before the mocks, because a language may run another copy of the rule's file for it.
   */
  watch(ruleId: string): Disposable;
  /** Records every condition of watched rules from here on; what an earlier trace recorded is forgotten. */
  startTrace(): void;
  /** Ends the trace. Conditions since `startTrace`, in the order in which they were decided; empty without a trace. */
  takeTrace(): readonly ConditionRecord[];
}
