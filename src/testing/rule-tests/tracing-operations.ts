import { isThenable, type JsonValue, type MaybePromise } from "../../core/json.ts";
import {
  type CounterWrite,
  type DictionaryWrite,
  NEVER,
  type OperationContext,
  type SetWrite,
  type StateOperations,
} from "../../state/store.ts";
import { messageOf } from "../../core/errors.ts";
import { toShown } from "./plain-value.ts";

/** One state operation as it was made. */
export interface OperationRecord {
  readonly operation: string;
  readonly key: string;
  readonly arguments: readonly JsonValue[];
  readonly result: JsonValue;
  readonly error: string | null;
  /** Engine clock. */
  readonly atMs: number;
}

/** Operations that write, so that a key can be said to belong to a rule. */
const writes: ReadonlySet<string> = new Set([
  "incrementCounter",
  "putStringSet",
  "addToStringSet",
  "putDictionary",
]);

/** True for an operation that may make an item. */
export function isWrite({ operation, error }: Pick<OperationRecord, "operation" | "error">): boolean {
  return error === null && writes.has(operation);
}

/** Hands every operation on to a store, and tells what was asked and answered. */
export class TracingOperations implements StateOperations {
  readonly #store: StateOperations;
  readonly #record: (record: OperationRecord) => void;

  constructor(store: StateOperations, record: (record: OperationRecord) => void) {
    this.#store = store;
    this.#record = record;
  }

  getCounter(context: OperationContext, key: string): MaybePromise<number> {
    return this.#trace(context, ["getCounter", key], () => this.#store.getCounter(context, key));
  }

  incrementCounter(context: OperationContext, key: string, write: CounterWrite): MaybePromise<number> {
    const call = ["incrementCounter", key, write.amount, ...shownEnd(write.expiresAtMs)] as const;
    return this.#trace(context, call, () => this.#store.incrementCounter(context, key, write));
  }

  resetCounter(context: OperationContext, key: string): MaybePromise<void> {
    return this.#trace(context, ["resetCounter", key], () => this.#store.resetCounter(context, key));
  }

  setKeyExpiration(context: OperationContext, key: string, expiresAtMs: number): MaybePromise<void> {
    const call = ["setKeyExpiration", key, ...shownEnd(expiresAtMs)] as const;
    return this.#trace(context, call, () => this.#store.setKeyExpiration(context, key, expiresAtMs));
  }

  getStringSet(context: OperationContext, key: string): MaybePromise<Set<string>> {
    return this.#trace(context, ["getStringSet", key], () => this.#store.getStringSet(context, key));
  }

  putStringSet(context: OperationContext, key: string, write: SetWrite): MaybePromise<void> {
    const call = ["putStringSet", key, write.members, ...shownEnd(write.expiresAtMs)] as const;
    return this.#trace(context, call, () => this.#store.putStringSet(context, key, write));
  }

  addToStringSet(context: OperationContext, key: string, write: SetWrite): MaybePromise<Set<string>> {
    const call = ["addToStringSet", key, write.members, ...shownEnd(write.expiresAtMs)] as const;
    return this.#trace(context, call, () => this.#store.addToStringSet(context, key, write));
  }

  removeFromStringSet(context: OperationContext, key: string, write: SetWrite): MaybePromise<Set<string>> {
    const call = ["removeFromStringSet", key, write.members, ...shownEnd(write.expiresAtMs)] as const;
    return this.#trace(context, call, () => this.#store.removeFromStringSet(context, key, write));
  }

  resetStringSet(context: OperationContext, key: string): MaybePromise<void> {
    return this.#trace(context, ["resetStringSet", key], () => this.#store.resetStringSet(context, key));
  }

  getDictionary(
    context: OperationContext,
    key: string,
  ): MaybePromise<import("../../core/json.ts").JsonObject> {
    return this.#trace(context, ["getDictionary", key], () => this.#store.getDictionary(context, key));
  }

  putDictionary(context: OperationContext, key: string, write: DictionaryWrite): MaybePromise<void> {
    const call = ["putDictionary", key, write.value, ...shownEnd(write.expiresAtMs)] as const;
    return this.#trace(context, call, () => this.#store.putDictionary(context, key, write));
  }

  #trace<T>({ nowMs }: OperationContext, call: Call, perform: () => MaybePromise<T>): MaybePromise<T> {
    const [operation, key, ...given] = call;
    // Shown at once: the rule may change an object after the call.
    const asked = { operation, key, arguments: given.map((argument) => toShown(argument)), atMs: nowMs };
    const answered = (result: T): T => {
      this.#record({ ...asked, result: result === undefined ? null : toShown(result), error: null });
      return result;
    };
    const failed = (error: unknown): never => {
      this.#record({ ...asked, result: null, error: messageOf(error) });
      throw error;
    };
    try {
      const result = perform();
      if (!isThenable(result)) return answered(result);
      return Promise.resolve(result).then(answered, failed);
    } catch (error) {
      return failed(error);
    }
  }
}

/** Name, key and further arguments. */
type Call = readonly [operation: string, key: string, ...given: readonly unknown[]];

/** A lifetime as rules write it; nothing where none was given. */
function shownEnd(expiresAtMs: number | undefined): readonly unknown[] {
  if (expiresAtMs === undefined) return [];
  return [expiresAtMs === NEVER ? 0 : { at: new Date(expiresAtMs) }];
}
