import type { Delivery } from "../../src/destinations/destination.ts";
import type { DeliveryOutcome, RemoteDestination } from "../../src/destinations/remote.ts";
import type { ManualTime } from "./manual-time.ts";

export interface Script {
  readonly outcome: DeliveryOutcome;
  /** How long the attempt takes; `undefined`: until it is ended. */
  readonly takesMs: number | undefined;
}

/** What happened at a destination, in order. */
export interface Step {
  readonly kind: "begin" | "end";
  readonly atMs: number;
  readonly idempotencyKey: string;
  readonly outcome?: DeliveryOutcome;
}

/** A destination that does with each attempt what a script says, and writes down what it was asked. */
export class ScriptedDestination implements RemoteDestination {
  readonly name: string;
  readonly steps: Step[] = [];
  closed = 0;
  underWay = 0;
  underWayMost = 0;
  readonly #time: ManualTime;
  readonly #script: (delivery: Delivery, attempt: number) => Script;

  constructor(
    name: string,
    time: ManualTime,
    script: (delivery: Delivery, attempt: number) => Script = () => delivered,
  ) {
    this.name = name;
    this.#time = time;
    this.#script = script;
  }

  /** When attempts began, of one delivery or of all. */
  begins(idempotencyKey?: string): readonly number[] {
    return this.steps
      .filter((step) => step.kind === "begin")
      .filter((step) => idempotencyKey === undefined || step.idempotencyKey === idempotencyKey)
      .map(({ atMs }) => atMs);
  }

  async send(delivery: Delivery, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { idempotencyKey } = delivery;
    const { outcome, takesMs } = this.#script(delivery, this.begins(idempotencyKey).length + 1);
    this.steps.push({ kind: "begin", atMs: this.#time.passedMs, idempotencyKey });
    this.underWay += 1;
    this.underWayMost = Math.max(this.underWayMost, this.underWay);
    const over = Promise.withResolvers<DeliveryOutcome>();
    if (takesMs !== undefined) this.#time.timer.after(takesMs, () => over.resolve(outcome));
    signal.addEventListener("abort", () => over.resolve({ kind: "failed", reason: "It was ended." }));
    const result = await over.promise;
    this.underWay -= 1;
    this.steps.push({ kind: "end", atMs: this.#time.passedMs, idempotencyKey, outcome: result });
    return result;
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

export const delivered: Script = { outcome: { kind: "delivered" }, takesMs: 10 };

export function failed(retryAfterMs?: number): Script {
  return { outcome: { kind: "failed", reason: "The receiver answered 500.", retryAfterMs }, takesMs: 10 };
}

export const refused: Script = {
  outcome: { kind: "refused", reason: "The receiver answered 400." },
  takesMs: 10,
};
