import { StakeoutError } from "../core/errors.ts";
import type { DeadLetter } from "../core/record.ts";
import { defaultLimits, type Limits } from "../core/limits.ts";
import type { LimitCounts } from "./lane-messages.ts";

/** Counts how often limits are reached in a run. */
export class LimitCounters {
  readonly #counts: Map<keyof Limits, number>;

  /** Goes on counting from `before`. */
  constructor(before: LimitCounts = {}) {
    this.#counts = new Map(Object.entries(before) as [keyof Limits, number][]);
  }

  add(limit: keyof Limits, times: number = 1): void {
    if (times > 0) this.#counts.set(limit, (this.#counts.get(limit) ?? 0) + times);
  }

  /** Counts the limit that a record passed, if that is why it is a dead letter. */
  addDeadLetter({ reason }: DeadLetter): void {
    if (reason === "too-long") this.add("recordBytesMax");
    else if (reason === "too-deep") this.add("nestingMax");
  }

  /** Counts the limit that a rule error names; not that of new keys, which are counted where they are refused. */
  addRuleError(error: unknown): void {
    const limit = error instanceof StakeoutError ? error.fields["limit"] : undefined;
    if (typeof limit !== "string" || limit === "newKeysPerHourMax" || !Object.hasOwn(defaultLimits, limit))
      return;
    this.add(limit as keyof Limits);
  }

  /** A copy, in order of name. */
  read(): LimitCounts {
    return Object.fromEntries([...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1)));
  }
}
