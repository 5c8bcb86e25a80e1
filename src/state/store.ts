import type { JsonObject, MaybePromise } from "../core/json.ts";
import type { Position, StreamPosition } from "../core/position.ts";

/** No expiry, where a time in milliseconds is asked for. */
export const NEVER: number = Number.POSITIVE_INFINITY;

/** Lifetime of a new item that was not told otherwise: 90 days. */
export const DEFAULT_LIFETIME_MS: number = 90 * 86_400_000;

/**
 * Who asks, and when. Position, rule and sequence together identify one operation of all that ever happen: a store that
 * several machines share records the result under it and answers a repeated operation with that result. The engine
 * reuses the object, so a store must not keep it after the call.
 */
export interface OperationContext {
  readonly position: Position;
  readonly ruleId: string;
  /** Counts the operations of this rule on this event, from 1. */
  readonly sequence: number;
  /** The engine clock: a store has none of its own. Never lower than in an earlier call. */
  readonly nowMs: number;
  /**
   * Called by stores in this process just before they make an item for this operation. What it throws is the operation's
   * answer, and nothing is changed then. Left out where keys are not counted.
   */
  newKey?(): void;
}

export interface CounterWrite {
  /** A safe integer, negative to count down. */
  readonly amount: number;
  /** When the item ends, in milliseconds since the epoch, or `NEVER`; left out: as it is, 90 days for a new item. */
  readonly expiresAtMs?: number | undefined;
}

export interface SetWrite {
  readonly members: readonly string[];
  readonly expiresAtMs?: number | undefined;
}

export interface DictionaryWrite {
  readonly value: JsonObject;
  readonly expiresAtMs?: number | undefined;
}

/** One key with all that is remembered under it, for listing, export and import. */
export interface Item {
  readonly key: string;
  readonly count: number | undefined;
  /** Sorted by code unit. */
  readonly strings: readonly string[] | undefined;
  readonly dictionary: JsonObject | undefined;
  /** `NEVER` for no expiry. */
  readonly expiresAtMs: number;
}

/**
 * What rules remember. Keys and arguments are checked before they get here (helpers.ts): a store may rely on keys being
 * non-empty strings within the limit, amounts being safe integers and members being strings.
 *
 * An item whose expiry is at or before `nowMs` is absent: reads answer the default and the first write starts afresh. A
 * write with `expiresAtMs` sets the item's expiry, a write without leaves it alone. Emptying (`reset…`, an empty `put…`,
 * removing, setting an expiry) never creates an item. Answers are the caller's own copies.
 */
export interface StateOperations {
  getCounter(context: OperationContext, key: string): MaybePromise<number>;
  /** The new value. Throws `STATE_COUNTER_OVERFLOW` when it would not be a safe integer; nothing is changed then. */
  incrementCounter(context: OperationContext, key: string, write: CounterWrite): MaybePromise<number>;
  /** Empties the counter, keeps the expiry and the other columns. */
  resetCounter(context: OperationContext, key: string): MaybePromise<void>;
  /** Moves the end of an existing item; does nothing where there is none. */
  setKeyExpiration(context: OperationContext, key: string, expiresAtMs: number): MaybePromise<void>;
  getStringSet(context: OperationContext, key: string): MaybePromise<Set<string>>;
  /** Replaces the set. Throws `STATE_LIMIT_EXCEEDED` over `setMembersMax` or `setBytesMax`; nothing is changed then. */
  putStringSet(context: OperationContext, key: string, write: SetWrite): MaybePromise<void>;
  /** The whole set after adding. Adding nothing is a read. Limit as with `putStringSet`. */
  addToStringSet(context: OperationContext, key: string, write: SetWrite): MaybePromise<Set<string>>;
  /** What is left after removing. Removing nothing is a read. */
  removeFromStringSet(context: OperationContext, key: string, write: SetWrite): MaybePromise<Set<string>>;
  resetStringSet(context: OperationContext, key: string): MaybePromise<void>;
  getDictionary(context: OperationContext, key: string): MaybePromise<JsonObject>;
  /** Replaces the dictionary as a whole. */
  putDictionary(context: OperationContext, key: string, write: DictionaryWrite): MaybePromise<void>;
}

/**
 * What the engine itself keeps: one JSON value by kind and key (open dedup windows, alerts, rule errors, lengths of
 * output files, …). The module that owns a kind owns its format; a store only keeps it.
 */
export interface Entry {
  readonly kind: string;
  readonly key: string;
  readonly value: JsonObject;
}

/** `value` undefined removes the entry. Kinds and keys, like streams, are well-formed Unicode. */
export interface EntryWrite {
  readonly kind: string;
  readonly key: string;
  readonly value: JsonObject | undefined;
}

/** What goes with a batch besides the state operations that were made since the last commit. */
export interface Commit {
  /** Engine clock at the end of the batch; what a new run starts its clock from. */
  readonly clockMs: number;
  readonly positions: readonly StreamPosition[];
  /** In the order made; a later write of the same entry wins. */
  readonly entries: readonly EntryWrite[];
}

export interface ItemQuery {
  readonly prefix?: string;
  /** Only keys greater than this one, by code point order of UTF-8 bytes: the page after the last one. */
  readonly after?: string;
  readonly limit: number;
  /** Items that have ended by this time are left out. */
  readonly nowMs: number;
}

export interface EntryQuery {
  readonly kind: string;
  /** Only keys greater than this one (smaller, when `descending`). */
  readonly after?: string;
  readonly limit: number;
  readonly descending?: boolean;
}

/**
 * State, positions and the engine's own entries, changed together: everything since the last commit becomes durable with
 * `commit`, or never happened. One lane owns a store; calls never overlap.
 */
export interface StateStore extends StateOperations {
  /** Engine clock of the last commit; 0 for a new store. */
  readonly clockMs: number;
  /** Called once per stream when its source opens. */
  readPosition(source: string, stream: string): MaybePromise<JsonObject | undefined>;
  /** The committed entry; writes that wait in a batch are not seen. */
  readEntry(kind: string, key: string): MaybePromise<JsonObject | undefined>;
  /** Committed entries of a kind in key order, a page at a time. */
  listEntries(query: EntryQuery): MaybePromise<readonly Entry[]>;
  /** Items in key order, a page at a time, uncommitted operations included. */
  listItems(query: ItemQuery): MaybePromise<readonly Item[]>;
  /** Writes an item as it is, for import and `state set`; part of the next commit. */
  putItem(item: Item): MaybePromise<void>;
  /** Forgets a key; part of the next commit. Answers whether there was one. */
  deleteItem(key: string): MaybePromise<boolean>;
  /**
   * Makes the batch durable. When it answers, a power failure cannot undo it. When it throws (`STATE_FILE_FULL`,
   * `STATE_FILE_UNUSABLE`), nothing of the batch is stored and the store must not be used again: open it anew.
   */
  commit(commit: Commit): MaybePromise<void>;
  /** Bytes of memory that the uncommitted batch holds, roughly; the engine commits early when it grows. */
  readonly pendingBytes: number;
  /** Ends without committing. */
  close(): MaybePromise<void>;
}
