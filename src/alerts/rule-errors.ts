import { hash } from "node:crypto";

import type { JsonObject } from "../core/json.ts";
import type { Limits } from "../core/limits.ts";
import type { Position } from "../core/position.ts";
import type { EntryWrite } from "../state/store.ts";
import { allEntries, type EntryReader } from "./pending.ts";
import { isoTime } from "./record.ts";
import { describeThrown, type ThrownDescription } from "./thrown.ts";

/** The first error of a group, with its event; written once. */
const firstKind = "rule-error";
/** Count and latest error of a group; written with every batch that adds to it. */
const latestKind = "rule-error-latest";

/** Groups kept apart for one rule. Error types are named by rule code, so their number has to end somewhere. */
const groupsPerRuleMax = 100;
const otherTypes = "(other types)";

/** A function of a rule threw, or answered what it must not. */
export interface RuleErrorReport {
  readonly ruleId: string;
  /** The function that failed: `rule`, `title`, … */
  readonly function: string;
  /** Whatever was thrown. */
  readonly error: unknown;
  readonly clockMs: number;
  readonly position: Position;
  /** The event with its standard fields; called only for the first error of a group. */
  event(): JsonObject;
}

/**
 * Rule errors, grouped by rule, function and error type (class name and code, never the message). Used like the alert
 * book: `load` once, `record` for each error, `takeWrites` once per batch.
 */
export interface RuleErrorBook {
  /** Reads the groups of the last commit; called once, before anything else. */
  load(): Promise<void>;
  /** Counts the error. `first` when its group is new to this state file. */
  record(report: RuleErrorReport): { readonly first: boolean };
  /** What changed since the last call, for the commit; at most two writes per group. */
  takeWrites(): EntryWrite[];
}

/** One occurrence of a rule error, as screens show it. */
export interface RuleErrorOccurrence {
  /** Engine clock, ISO 8601. */
  readonly time: string;
  readonly message: string;
  /** Empty where there is none. */
  readonly stack: string;
  readonly position: Position;
}

/** A group of rule errors, as screens show it. */
export interface RuleErrorGroup {
  readonly ruleId: string;
  readonly function: string;
  readonly type: string;
  readonly count: number;
  readonly first: RuleErrorOccurrence;
  readonly last: RuleErrorOccurrence;
  /** The event of the first error; `null` when it is longer than an alert's events may be. */
  readonly event: JsonObject | null;
}

export interface RuleErrorBookOptions {
  readonly store: EntryReader;
  /** Bounds the event that is kept with a group. */
  readonly limits: Pick<Limits, "alertEventBytesMax">;
}

/** All of a known group that is in memory. */
interface Group {
  readonly key: string;
  readonly ruleId: string;
  count: number;
}

interface Occurrence {
  readonly report: RuleErrorReport;
  readonly thrown: ThrownDescription;
}

export function createRuleErrorBook(options: RuleErrorBookOptions): RuleErrorBook {
  return new GroupBook(options);
}

class GroupBook implements RuleErrorBook {
  readonly #store: EntryReader;
  readonly #eventBytesMax: number;
  readonly #groups = new Map<string, Group>();
  readonly #groupsOfRule = new Map<string, number>();
  readonly #latest = new Map<Group, JsonObject>();
  #firsts: EntryWrite[] = [];

  constructor({ store, limits }: RuleErrorBookOptions) {
    this.#store = store;
    this.#eventBytesMax = limits.alertEventBytesMax;
  }

  async load(): Promise<void> {
    for await (const { key, value } of allEntries(this.#store, { kind: latestKind })) {
      this.#addGroup({ key, ruleId: value["ruleId"] as string, count: value["count"] as number });
    }
  }

  record(report: RuleErrorReport): { readonly first: boolean } {
    const thrown = describeThrown(report.error);
    const key = this.#keyFor(report, thrown.type);
    const known = this.#groups.get(key);
    const group = known ?? this.#addGroup({ key, ruleId: report.ruleId, count: 0 });
    if (known === undefined) this.#firsts.push(this.#firstWrite(key, { report, thrown }));
    group.count += 1;
    this.#latest.set(group, {
      ruleId: group.ruleId,
      count: group.count,
      ...occurrenceJson({ report, thrown }),
    });
    return { first: known === undefined };
  }

  takeWrites(): EntryWrite[] {
    const writes = this.#firsts;
    for (const [{ key }, value] of this.#latest) writes.push({ kind: latestKind, key, value });
    this.#firsts = [];
    this.#latest.clear();
    return writes;
  }

  #addGroup(group: Group): Group {
    this.#groups.set(group.key, group);
    this.#groupsOfRule.set(group.ruleId, (this.#groupsOfRule.get(group.ruleId) ?? 0) + 1);
    return group;
  }

  /** The key of the error's group; a group for all other types takes what comes after a rule's last one. */
  #keyFor(report: RuleErrorReport, type: string): string {
    const key = groupKey(report, type);
    const full = (this.#groupsOfRule.get(report.ruleId) ?? 0) >= groupsPerRuleMax;
    return full && !this.#groups.has(key) ? groupKey(report, otherTypes) : key;
  }

  #firstWrite(key: string, occurrence: Occurrence): EntryWrite {
    const { report, thrown } = occurrence;
    const isOther = key === groupKey(report, otherTypes);
    const text = JSON.stringify(report.event());
    const fits = Buffer.byteLength(text) <= this.#eventBytesMax;
    return {
      kind: firstKind,
      key,
      value: {
        ruleId: report.ruleId,
        function: report.function,
        type: isOther ? otherTypes : thrown.type,
        ...occurrenceJson(occurrence),
        // Parsed back because the event belongs to the engine, which goes on with it.
        event: fits ? (JSON.parse(text) as JsonObject) : null,
      },
    };
  }
}

function groupKey({ ruleId, function: functionName }: RuleErrorReport, type: string): string {
  return hash("sha256", JSON.stringify([ruleId, functionName, type]), "hex").slice(0, 32);
}

function occurrenceJson({ report, thrown }: Occurrence): JsonObject {
  const { source, stream, offset } = report.position;
  return {
    timeMs: report.clockMs,
    message: thrown.message,
    stack: thrown.stack,
    position: { source, stream, offset },
  };
}

/** Every group of rule errors of the last commit, by rule, function and type. */
export async function listRuleErrors(store: EntryReader): Promise<RuleErrorGroup[]> {
  const groups: RuleErrorGroup[] = [];
  for await (const { key, value } of allEntries(store, { kind: firstKind })) {
    const latest = (await store.readEntry(latestKind, key)) ?? value;
    groups.push({
      ruleId: value["ruleId"] as string,
      function: value["function"] as string,
      type: value["type"] as string,
      count: latest["count"] as number,
      first: occurrenceOf(value),
      last: occurrenceOf(latest),
      event: value["event"] as JsonObject | null,
    });
  }
  return groups.sort(
    (a, b) =>
      compareText(a.ruleId, b.ruleId) || compareText(a.function, b.function) || compareText(a.type, b.type),
  );
}

function occurrenceOf(json: JsonObject): RuleErrorOccurrence {
  return {
    time: isoTime(json["timeMs"] as number),
    message: json["message"] as string,
    stack: json["stack"] as string,
    position: json["position"] as unknown as Position,
  };
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
