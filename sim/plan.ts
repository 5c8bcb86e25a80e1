import type { DeadLetterReason } from "../src/core/record.ts";
import type { Program } from "./program.ts";

/** 2026-01-01T00:00:00Z, the time of the first events. */
export const startMs: number = Date.UTC(2026, 0, 1);

/**
 * Everything that one simulation does, as plain data: running it twice gives the same, and shrinking takes parts
 * away.
 */
export interface Plan {
  /** Decides what is left open below: sizes of chunks, when folding gets on, what a power failure leaves. */
  readonly seed: number;
  readonly settings: Settings;
  /** Sorted by id. */
  readonly rules: readonly Program[];
  /** In the order in which the engine reads them. */
  readonly records: readonly PlannedRecord[];
  readonly faults: readonly Fault[];
}

export interface Settings {
  readonly chunkRecordsMax: number;
  /** The batch limit. Small, because waits for a source are on the machine's own timer. */
  readonly latencyMs: number;
  /** What one reading of the monotonic clock moves it by, at most. */
  readonly stepMs: number;
  readonly batchBytesMax: number;
  readonly foldFromBytes: number;
  readonly cacheBytesMax: number;
  /** Probability that folding gets on by a transaction between two steps. */
  readonly foldRate: number;
  /** The store answers later, as one on another machine would. */
  readonly storeWaits: boolean;
  /** Rules wait for something between their state operations. */
  readonly rulesWait: boolean;
  /** How far the wall clock is ahead of the first event, and how far it moves with each record. */
  readonly wallLeadMs: number;
  readonly wallPaceMs: number;
  /** Whether the alerts file holds somebody's lines before the first run. */
  readonly earlierLines: boolean;
  readonly limits: SimLimits;
}

/** Limits small enough to be reached. */
export interface SimLimits {
  readonly journalBytesMax: number;
  readonly setMembersMax: number;
  readonly setBytesMax: number;
  readonly dictionaryBytesMax: number;
  readonly operationsPerEvaluationMax: number;
  readonly alertEventsMax: number;
  readonly alertEventBytesMax: number;
  readonly recordBytesMax: number;
  readonly nestingMax: number;
}

export interface PlannedRecord {
  /** Streams 0 and 1 belong to the first source, 2 to the second, which is read after it. */
  readonly stream: number;
  readonly content: EventContent | BadContent | { readonly kind: "blank" };
}

export interface EventContent {
  readonly kind: "event";
  /** Identifies the event. */
  readonly n: number;
  readonly user: string;
  readonly value: string;
  /** `undefined` for an event without a time. */
  readonly atMs: number | undefined;
  readonly mischief: Mischief | undefined;
}

/** What one rule does on one event besides its program. */
export interface Mischief {
  readonly ruleId: string;
  /**
   * `throw`; `title`: its title function throws; `forget`: it does not wait for a helper; `hang`: never answers;
   * `end`: takes its lane's thread along; `trap`: its language's runtime dies; `slow`: too slow together with others,
   * but not alone.
   */
  readonly what: "throw" | "title" | "forget" | "hang" | "end" | "trap" | "slow";
  /** After so many operations of its program. */
  readonly after: number;
}

export interface BadContent {
  readonly kind: "bad";
  readonly reason: DeadLetterReason;
}

/** Something that goes wrong at one asynchronous step. */
export interface Fault {
  /**
   * Counted from the beginning of the simulation; it happens at the first step from here on that it can happen at.
   */
  readonly step: number;
  readonly what: FaultKind;
  /** Relative to the effect of that step; `during` where the effect can be there by half. */
  readonly when: "before" | "during" | "after";
}

export const faultKinds = [
  /** The process is killed: what it wrote is there, synced or not. */
  "kill",
  /** The power fails: of what was not synced, anything or nothing may be there. */
  "power",
  /** The operation answers with an error. */
  "fail",
  /** The lane's thread dies and the process goes on. */
  "lane",
  /** A person or a service manager asks the run to end. */
  "stop",
  /** The wall clock is set forward or back. */
  "clock",
  /** The thread that folds the journal dies. */
  "fold",
  /** The state file is next opened in the form that an older version gave it. */
  "older",
] as const;

export type FaultKind = (typeof faultKinds)[number];
