import { hash } from "node:crypto";
import { readFileSync } from "node:fs";

import { allEntries, type EntryReader } from "../alerts/pending.ts";
import type { Limits } from "../core/limits.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import type { EntryWrite, StateStore } from "../state/store.ts";

const kind = "rule-suspension";

/** A rule that is not asked any more, as screens show it. */
export interface Suspension {
  readonly ruleId: string;
  /** Engine clock, ISO 8601. */
  readonly since: string;
  /** What it did the last time. */
  readonly reason: string;
}

/** What is kept of a rule that exceeded its budget or ended its lane. */
interface RuleRecord {
  readonly ruleId: string;
  /** Of the rule's files: when they change, everything is forgotten. */
  readonly contentHash: string;
  /** Engine clock of each time within the window, the latest last. */
  readonly failuresMs: readonly number[];
  /** `null` as long as it is asked. */
  readonly suspendedAtMs: number | null;
  readonly reason: string;
}

export interface SuspensionBookOptions {
  readonly store: EntryReader;
  readonly limits: Pick<Limits, "suspendAfter" | "suspendWindowMs">;
  readonly rules: readonly LoadedRule[];
}

/**
 * Counts how often rules exceed their budget or end their lane, and suspends those that do it again and again. Used like
 * the books of alerts and rule errors: `load` once, `record` each time, `takeWrites` once per batch.
 */
export class SuspensionBook {
  readonly #options: SuspensionBookOptions;
  readonly #rules: ReadonlyMap<string, LoadedRule>;
  readonly #records = new Map<string, RuleRecord>();
  readonly #changed = new Set<string>();
  #version = 0;

  constructor(options: SuspensionBookOptions) {
    this.#options = options;
    this.#rules = new Map(options.rules.map((rule) => [rule.manifest.id, rule]));
  }

  /** Reads the last commit. Answers sentences for people about rules that are suspended, or no longer. */
  async load(): Promise<readonly string[]> {
    const news: string[] = [];
    for await (const { value } of allEntries(this.#options.store, { kind })) {
      const record = value as unknown as RuleRecord;
      const rule = this.#rules.get(record.ruleId);
      // A rule that is not there may come back as it was.
      if (rule === undefined) continue;
      const { ruleId, suspendedAtMs, reason } = record;
      if (contentHash(rule) === record.contentHash) {
        this.#records.set(ruleId, record);
        if (suspendedAtMs !== null) news.push(suspendedMessage(ruleId, reason));
      } else {
        this.#changed.add(ruleId);
        if (suspendedAtMs !== null) news.push(`Rule ${ruleId} has changed, so it is asked again.`);
      }
    }
    return news;
  }

  isSuspended(ruleId: string): boolean {
    return (this.#records.get(ruleId)?.suspendedAtMs ?? null) !== null;
  }

  /** Ids of rules that are not asked, sorted. */
  get suspended(): readonly string[] {
    return [...this.#records.keys()].filter((ruleId) => this.isSuspended(ruleId)).sort();
  }

  /** Counts one more time. Answers a sentence for people when that suspends the rule. */
  record(rule: LoadedRule, clockMs: number, reason: string): string | undefined {
    const { suspendAfter, suspendWindowMs } = this.#options.limits;
    const ruleId = rule.manifest.id;
    const before = this.#records.get(ruleId)?.failuresMs ?? [];
    const failuresMs = [...before.filter((failureMs) => failureMs > clockMs - suspendWindowMs), clockMs];
    const suspends = failuresMs.length >= suspendAfter;
    const suspendedAtMs = suspends ? clockMs : null;
    this.#records.set(ruleId, { ruleId, contentHash: contentHash(rule), failuresMs, suspendedAtMs, reason });
    this.#changed.add(ruleId);
    this.#version += 1;
    return suspends ? suspendedMessage(ruleId, reason) : undefined;
  }

  /** Lets a rule be asked again, with nothing counted against it. Answers whether it was suspended. */
  resume(ruleId: string): boolean {
    if (!this.isSuspended(ruleId)) return false;
    this.#records.delete(ruleId);
    this.#changed.add(ruleId);
    this.#version += 1;
    return true;
  }

  /** Grows whenever a rule is suspended or asked again. */
  get version(): number {
    return this.#version;
  }

  /** What changed since the last call, for the commit. */
  takeWrites(): EntryWrite[] {
    const writes = [...this.#changed].map((ruleId): EntryWrite => {
      const record = this.#records.get(ruleId);
      return { kind, key: keyOf(ruleId), value: record && { ...record, failuresMs: [...record.failuresMs] } };
    });
    this.#changed.clear();
    return writes;
  }
}

/** Every rule that is suspended as of the last commit, by id. */
export async function listSuspensions(store: EntryReader): Promise<readonly Suspension[]> {
  const suspensions: Suspension[] = [];
  for await (const { value } of allEntries(store, { kind })) {
    const { ruleId, suspendedAtMs, reason } = value as unknown as RuleRecord;
    if (suspendedAtMs === null) continue;
    suspensions.push({ ruleId, since: new Date(suspendedAtMs).toISOString(), reason });
  }
  return suspensions.sort((left, right) => (left.ruleId < right.ruleId ? -1 : 1));
}

/** Lets a rule be asked again, with nothing counted against it. Answers whether it was suspended. */
export async function resumeRule(store: StateStore, ruleId: string): Promise<boolean> {
  const key = keyOf(ruleId);
  const stored = (await store.readEntry(kind, key)) as unknown as RuleRecord | undefined;
  if (stored === undefined || stored.suspendedAtMs === null) return false;
  const entries = [{ kind, key, value: undefined }];
  await store.commit({ clockMs: store.clockMs, positions: [], entries });
  return true;
}

function suspendedMessage(ruleId: string, reason: string): string {
  const advice = `It is asked again when its files change, or after "stakeout rules resume ${ruleId}"`;
  return `Rule ${ruleId} is suspended: again and again it ${reason}. ${advice}.`;
}

/** Ids can be long and of any characters. */
function keyOf(ruleId: string): string {
  return hash("sha256", ruleId, "hex").slice(0, 32);
}

function contentHash({ manifest, codeFiles = [] }: LoadedRule): string {
  const contents = [manifest.file, ...codeFiles].map((file) => hash("sha256", readContent(file), "hex"));
  return hash("sha256", contents.join(), "hex").slice(0, 32);
}

/** A file that has gone since it was loaded differs from every content that it had. */
function readContent(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.from("\0gone");
  }
}
