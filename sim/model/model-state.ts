import type { JsonObject } from "../../src/core/json.ts";
import type { Lifetime } from "../../src/state/lifetime.ts";
import type { SimLimits } from "../plan.ts";
import type { Helpers } from "../program.ts";

/** An operation that is refused, by the code that the engine has for it. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export interface ModelItem {
  count?: number;
  strings?: readonly string[];
  dictionary?: JsonObject;
  /** Infinity for no end. */
  endMs: number;
}

const ninetyDaysMs = 90 * 24 * 60 * 60 * 1000;

/**
 * What rules remember, in the plainest way and written from docs/state.md alone: one map, nothing cached, nothing
 * batched, and whatever has ended is thrown away at once.
 */
export class ModelState implements Helpers {
  items: Map<string, ModelItem> = new Map();
  readonly #limits: SimLimits;
  #nowMs = 0;
  #operations = 0;

  constructor(limits: SimLimits) {
    this.#limits = limits;
  }

  moveTo(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const [key, { endMs }] of this.items) if (endMs <= nowMs) this.items.delete(key);
  }

  /** Another rule, or another event. */
  beginEvaluation(): void {
    this.#operations = 0;
  }

  getCounter(key: string): number {
    this.#operate(key);
    return this.items.get(key)?.count ?? 0;
  }

  incrementCounter(key: string, amount: number = 1, lifetime?: Lifetime): number {
    this.#operate(key);
    const count = (this.items.get(key)?.count ?? 0) + amount;
    if (!Number.isSafeInteger(count)) throw new Refusal("STATE_COUNTER_OVERFLOW");
    this.#make(key).count = count;
    this.#live(key, lifetime);
    return count;
  }

  resetCounter(key: string): void {
    this.#operate(key);
    delete this.items.get(key)?.count;
  }

  setKeyExpiration(key: string, lifetime: Lifetime): void {
    this.#operate(key);
    this.#live(key, lifetime);
  }

  getStringSet(key: string): Set<string> {
    this.#operate(key);
    return new Set(this.items.get(key)?.strings);
  }

  putStringSet(key: string, members: readonly string[], lifetime?: Lifetime): void {
    this.#operate(key);
    this.#checkSet(members);
    this.#replaceStrings(key, members);
    this.#live(key, lifetime);
  }

  addToStringSet(key: string, members: readonly string[], lifetime?: Lifetime): Set<string> {
    this.#operate(key);
    const strings = [...new Set([...(this.items.get(key)?.strings ?? []), ...members])];
    if (members.length === 0) return new Set(strings);
    this.#checkSet(strings);
    this.#make(key).strings = strings;
    this.#live(key, lifetime);
    return new Set(strings);
  }

  removeFromStringSet(key: string, members: readonly string[], lifetime?: Lifetime): Set<string> {
    this.#operate(key);
    const before = this.items.get(key)?.strings ?? [];
    if (members.length === 0) return new Set(before);
    const left = before.filter((member) => !members.includes(member));
    this.#replaceStrings(key, left);
    this.#live(key, lifetime);
    return new Set(left);
  }

  resetStringSet(key: string): void {
    this.#operate(key);
    delete this.items.get(key)?.strings;
  }

  getDictionary(key: string): JsonObject {
    this.#operate(key);
    return this.items.get(key)?.dictionary ?? {};
  }

  putDictionary(key: string, value: JsonObject, lifetime?: Lifetime): void {
    this.#operate(key);
    if (Buffer.byteLength(JSON.stringify(value)) > this.#limits.dictionaryBytesMax) throw tooMuch();
    if (Object.keys(value).length === 0) delete this.items.get(key)?.dictionary;
    else this.#make(key).dictionary = value;
    this.#live(key, lifetime);
  }

  evaluateThreshold(key: string, threshold: number = 10, expirySeconds: number = 3600): boolean {
    const count = this.incrementCounter(key);
    if (count === 1) this.setKeyExpiration(key, { in: expirySeconds });
    if (count < threshold) return false;
    this.resetCounter(key);
    return true;
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  #operate(key: string): void {
    if (key === "") throw new Refusal("STATE_KEY_INVALID");
    this.#operations += 1;
    if (this.#operations > this.#limits.operationsPerEvaluationMax) throw tooMuch();
  }

  #make(key: string): ModelItem {
    const item = this.items.get(key) ?? { endMs: this.#nowMs + ninetyDaysMs };
    this.items.set(key, item);
    return item;
  }

  #live(key: string, lifetime: Lifetime | undefined): void {
    const item = this.items.get(key);
    if (item === undefined || lifetime === undefined) return;
    if (lifetime === 0) item.endMs = Number.POSITIVE_INFINITY;
    else if ("in" in lifetime) item.endMs = this.#nowMs + Math.round(Number(lifetime.in) * 1000);
    else item.endMs = Math.round(Number(lifetime.at) * 1000);
    if (item.endMs <= this.#nowMs) this.items.delete(key);
  }

  #replaceStrings(key: string, strings: readonly string[]): void {
    if (strings.length === 0) delete this.items.get(key)?.strings;
    else this.#make(key).strings = strings;
  }

  #checkSet(strings: readonly string[]): void {
    const { setMembersMax, setBytesMax } = this.#limits;
    if (strings.length > setMembersMax || strings.join("").length > setBytesMax) throw tooMuch();
  }
}

function tooMuch(): Refusal {
  return new Refusal("STATE_LIMIT_EXCEEDED");
}
