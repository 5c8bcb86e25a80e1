import type { JsonObject, MaybePromise } from "../src/core/json.ts";
import type { Lifetime } from "../src/state/lifetime.ts";
import type { EventContent, Mischief } from "./plan.ts";

/** A rule as data: what it asks of its state, and when it matches. */
export interface Program {
  readonly id: string;
  readonly actions: readonly Action[];
  /**
   * Matches when the answer of this action is at least so large; a set or dictionary is as large as it has elements.
   */
  readonly match: { readonly action: number; readonly atLeast: number };
  /** Goes on after an operation that was refused, instead of failing with it. */
  readonly catches: boolean;
  readonly dedupPeriodMs: number;
  readonly threshold: number;
  /** Counts distinct values instead of matches. */
  readonly unique: boolean;
  readonly createAlert: boolean;
  /** Wants no destination told. */
  readonly quiet: boolean;
  /** Its title function counts as well. */
  readonly titleCounts: boolean;
}

/** A lifetime relative to the engine clock where it has to be; `at` may be in the past. */
export type PlannedLifetime = "none" | "endless" | { readonly inS: number } | { readonly atS: number };

/** Which key: one that all rules share, one for each user, one for each rule, or one that is none. */
export type PlannedKey = "all" | "user" | "rule" | "empty";

export interface Action {
  readonly helper:
    | "getCounter"
    | "incrementCounter"
    | "resetCounter"
    | "setKeyExpiration"
    | "getStringSet"
    | "putStringSet"
    | "addToStringSet"
    | "removeFromStringSet"
    | "resetStringSet"
    | "getDictionary"
    | "putDictionary"
    | "evaluateThreshold"
    /** Increments until the limit of operations stops it. */
    | "loop";
  readonly key: PlannedKey;
  /** Of `incrementCounter`; a threshold; how many members or fields. */
  readonly amount: number;
  readonly lifetime: PlannedLifetime;
}

/** The helpers that a rule calls; the engine's and the model's have the same names. */
export interface Helpers {
  getCounter(key: string): MaybePromise<number>;
  incrementCounter(key: string, amount?: number, lifetime?: Lifetime): MaybePromise<number>;
  resetCounter(key: string): MaybePromise<void>;
  setKeyExpiration(key: string, lifetime: Lifetime): MaybePromise<void>;
  getStringSet(key: string): MaybePromise<Set<string>>;
  putStringSet(key: string, members: readonly string[], lifetime?: Lifetime): MaybePromise<void>;
  addToStringSet(key: string, members: readonly string[], lifetime?: Lifetime): MaybePromise<Set<string>>;
  removeFromStringSet(
    key: string,
    members: readonly string[],
    lifetime?: Lifetime,
  ): MaybePromise<Set<string>>;
  resetStringSet(key: string): MaybePromise<void>;
  getDictionary(key: string): MaybePromise<JsonObject>;
  putDictionary(key: string, value: JsonObject, lifetime?: Lifetime): MaybePromise<void>;
  evaluateThreshold(key: string, threshold?: number, expirySeconds?: number): MaybePromise<boolean>;
  now(): Date;
}

/** What runs a program besides the helpers. */
export interface Surroundings {
  readonly helpers: Helpers;
  /** Called before each action with its number. */
  readonly before: (action: number) => MaybePromise<void>;
  /** The code of an error that a helper refuses with; `undefined` for any other error. */
  readonly codeOf: (error: unknown) => string | undefined;
}

export interface ProgramResult {
  readonly matches: boolean;
  /** Every answer in order: one wrong answer of the state shows in it. */
  readonly trace: string;
}

type Answer = number | boolean | ReadonlySet<string> | JsonObject | void;

/** Runs a rule's program on an event: the same code for the engine and for the model. */
export async function runProgram(
  program: Program,
  event: EventContent,
  surroundings: Surroundings,
): Promise<ProgramResult> {
  const trace: string[] = [];
  let matches = false;
  for (const [number, action] of program.actions.entries()) {
    await surroundings.before(number);
    try {
      const answer = await act({ program, event, helpers: surroundings.helpers }, action);
      trace.push(shown(answer));
      if (number === program.match.action) matches = sizeOf(answer) >= program.match.atLeast;
    } catch (error) {
      const code = surroundings.codeOf(error);
      if (!program.catches || code === undefined) throw error;
      trace.push(code);
    }
  }
  await surroundings.before(program.actions.length);
  return { matches, trace: trace.join(" ") };
}

/** The mischief of an event where it is this rule's. */
export function mischiefOf(program: Program, event: EventContent): Mischief | undefined {
  return event.mischief?.ruleId === program.id ? event.mischief : undefined;
}

/** What a rule throws as its mischief. */
export function thrownBy(event: EventContent): RangeError {
  return new RangeError(`event ${event.n}`);
}

interface Acting {
  readonly program: Program;
  readonly event: EventContent;
  readonly helpers: Helpers;
}

async function act({ program, event, helpers }: Acting, action: Action): Promise<Answer> {
  const { amount } = action;
  const key = keyOf(action.key, program, event);
  const lifetime = lifetimeOf(action.lifetime, helpers);
  switch (action.helper) {
    case "getCounter":
    case "resetCounter":
    case "getStringSet":
    case "resetStringSet":
    case "getDictionary":
      return await helpers[action.helper](key);
    case "incrementCounter":
      return await helpers.incrementCounter(key, amount, lifetime);
    case "setKeyExpiration":
      return await helpers.setKeyExpiration(key, lifetime ?? 0);
    case "putStringSet":
    case "addToStringSet":
    case "removeFromStringSet":
      return await helpers[action.helper](key, membersOf(event, amount), lifetime);
    case "putDictionary":
      return await helpers.putDictionary(key, fieldsOf(event, amount), lifetime);
    case "evaluateThreshold":
      return await helpers.evaluateThreshold(key, Math.max(1, amount), 10);
    case "loop": {
      let count = 0;
      for (let round = 0; round < amount; round++) count = await helpers.incrementCounter(key);
      return count;
    }
  }
}

function keyOf(key: PlannedKey, program: Program, event: EventContent): string {
  if (key === "user") return `user-${event.user}`;
  if (key === "rule") return `${program.id}-${event.user}`;
  return key === "empty" ? "" : key;
}

function lifetimeOf(lifetime: PlannedLifetime, helpers: Helpers): Lifetime | undefined {
  if (lifetime === "none") return undefined;
  if (lifetime === "endless") return 0;
  if ("inS" in lifetime) return { in: lifetime.inS };
  return { at: Math.max(0, helpers.now().getTime() / 1000 + lifetime.atS) };
}

function membersOf(event: EventContent, amount: number): readonly string[] {
  return Array.from({ length: amount }, (_, index) => (index === 0 ? event.value : `${event.value}${index}`));
}

function fieldsOf(event: EventContent, amount: number): JsonObject {
  return Object.fromEntries(membersOf(event, amount).map((name) => [name, event.n]));
}

function shown(answer: Answer): string {
  if (answer instanceof Set) return inOrder([...answer]);
  if (typeof answer === "object") return inOrder(Object.entries(answer).map((field) => field.join("=")));
  return String(answer);
}

/** The order of members and fields is not promised. */
function inOrder(texts: readonly string[]): string {
  return texts.toSorted((left, right) => (left < right ? -1 : 1)).join("+");
}

function sizeOf(answer: Answer): number {
  if (answer instanceof Set) return answer.size;
  if (typeof answer === "object") return Object.keys(answer).length;
  return Number(answer ?? 0);
}
