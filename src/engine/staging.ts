import { hash } from "node:crypto";

import { allEntries, type EntryReader } from "../alerts/pending.ts";
import { anyOf } from "../alerts/routing.ts";
import type { RuleManifest } from "../rules/manifest.ts";
import type { EntryWrite, StateStore } from "../state/store.ts";

const kind = "rule-staging";

/** What a person decided about a rule. */
interface Decision {
  readonly ruleId: string;
  readonly staged: boolean;
}

/**
 * Which rules are staged: they match, count and raise alerts that are kept, but nobody is notified. A rule says so itself,
 * until a date or a person promotes it, or the configuration names it. What a person decided last stands before both.
 */
export class Staging {
  readonly #store: EntryReader;
  readonly #isNamed: (ruleId: string) => boolean;
  readonly #decisions = new Map<string, boolean>();
  readonly #changed = new Set<string>();

  /** `patterns`: ids that the configuration names, in which `*` stands for any characters. */
  constructor(store: EntryReader, patterns: readonly string[] = []) {
    this.#store = store;
    this.#isNamed = anyOf(patterns);
  }

  /** Reads the last commit. */
  async load(): Promise<void> {
    for await (const { value } of allEntries(this.#store, { kind })) {
      const { ruleId, staged } = value as unknown as Decision;
      this.#decisions.set(ruleId, staged);
    }
  }

  /** `clockMs`: the engine clock, so that a date means the same in every replay. */
  isStaged({ id, stagedUntilMs = 0 }: RuleManifest, clockMs: number): boolean {
    return this.#decisions.get(id) ?? (clockMs < stagedUntilMs || this.#isNamed(id));
  }

  /** A person's decision, from the next event on. */
  decide(ruleId: string, staged: boolean): void {
    this.#decisions.set(ruleId, staged);
    this.#changed.add(ruleId);
  }

  /** What changed since the last call, for the commit. */
  takeWrites(): EntryWrite[] {
    const writes = [...this.#changed].map((ruleId) =>
      writeOf({ ruleId, staged: this.#decisions.get(ruleId) ?? false }),
    );
    this.#changed.clear();
    return writes;
  }
}

/** A person's decision, written into a state that no lane has open. */
export async function decideStaging(store: StateStore, ruleId: string, staged: boolean): Promise<void> {
  const entries = [writeOf({ ruleId, staged })];
  await store.commit({ clockMs: store.clockMs, positions: [], entries });
}

/** Ids can be long and of any characters. */
function writeOf({ ruleId, staged }: Decision): EntryWrite {
  return { kind, key: hash("sha256", ruleId, "hex").slice(0, 32), value: { ruleId, staged } };
}
