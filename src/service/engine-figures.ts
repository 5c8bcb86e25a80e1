import { ownValue } from "../core/own-value.ts";
import type { CommittedMessage, RuleInfo } from "../engine/lane-messages.ts";
import { type CommitStatus, bucketsMs, type RuleStatus } from "./status.ts";

/** What the lanes of a service have told with their commits. */
export class EngineFigures {
  /** Rules as they are in use. */
  ruleInfos: readonly RuleInfo[] = [];
  #last: CommittedMessage | undefined;
  #lastMs: number | undefined;
  #count = 0;
  #batchMsTotal = 0;
  #commitMsTotal = 0;
  readonly #batchBuckets = bucketsMs.map(() => 0);
  readonly #commitBuckets = bucketsMs.map(() => 0);

  committed(message: CommittedMessage, nowMs: number): void {
    const { batchMs, commitMs } = message.durations;
    this.#last = message;
    this.#lastMs = nowMs;
    this.#count += 1;
    this.#batchMsTotal += batchMs;
    this.#commitMsTotal += commitMs;
    count(this.#batchBuckets, batchMs);
    count(this.#commitBuckets, commitMs);
  }

  get last(): CommittedMessage | undefined {
    return this.#last;
  }

  commits(): CommitStatus {
    return {
      count: this.#count,
      lastMs: this.#lastMs,
      batchMsTotal: this.#batchMsTotal,
      commitMsTotal: this.#commitMsTotal,
      batchBuckets: [...this.#batchBuckets],
      commitBuckets: [...this.#commitBuckets],
    };
  }

  rules(): readonly RuleStatus[] {
    const { staged = [], suspended = [] } = this.#last?.service?.rules ?? {};
    const stats = this.#last?.totals.rules;
    return this.ruleInfos.map(({ id, name, severity }) => ({
      id,
      name,
      severity,
      ...(ownValue(stats, id) ?? nothing),
      staged: staged.includes(id),
      suspended: suspended.includes(id),
    }));
  }
}

const nothing = { matches: 0, alerts: 0, ruleErrors: 0, timedEvents: 0, timedMicroseconds: 0 };

function count(buckets: number[], ms: number): void {
  for (const [index, bucketMs] of bucketsMs.entries()) {
    if (ms <= bucketMs) buckets[index] = (buckets[index] ?? 0) + 1;
  }
}
