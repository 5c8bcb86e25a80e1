import type { Chance, Clock, Timer } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import { Circuit } from "./circuit.ts";
import { delayAfter } from "./delays.ts";
import type {
  DelivererTarget,
  DeliveryAttempt,
  DeliveryEnd,
  DestinationState,
  QueuedDelivery,
} from "./deliverer.ts";
import type { DeliveryOutcome } from "./remote.ts";

/** A timer is never set for longer: the wall clock may be changed, and a timer of many days would go off at once. */
const wakeMaxMs = 3_600_000;

export interface DeliveryQueueOptions extends DelivererTarget {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly chance: Chance;
  readonly onAttempt: (attempt: DeliveryAttempt) => void;
}

type Finish = (end: DeliveryEnd) => void;

interface Job {
  readonly delivery: QueuedDelivery;
  readonly finish: Finish;
  /** Wall clock when it is given up. */
  readonly giveUpAtMs: number;
  attempts: number;
  /** Monotonic time when it may be tried. */
  dueMs: number;
  /** Ends the attempt under way. */
  underWay: AbortController | undefined;
  lastFailure: string | undefined;
}

/**
 * Deliveries to one destination. The oldest one that is due is tried first, as far as concurrency, rate, the circuit and the
 * receiver's own `Retry-After` allow. An open circuit is tried with a delivery that failed least, so that one which the receiver
 * cannot digest does not keep the others waiting. Whoever submits bounds how many there are, so looking at each is cheap.
 */
export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions;
  readonly #circuit: Circuit;
  /** In order of submission. */
  readonly #jobs = new Set<Job>();
  #underWay = 0;
  /** Monotonic times before which nothing begins: because of the rate, and because the receiver asked for it. */
  #rateMs = -Infinity;
  #holdMs = -Infinity;
  #cancelWake: (() => void) | undefined;
  /** Set when closing; resolved when nothing is under way. */
  #idle: PromiseWithResolvers<void> | undefined;
  #delivered = 0;
  #abandoned = 0;
  #failedAttempts = 0;
  #deliverMsTotal = 0;
  #lastFailure: string | undefined;

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
    this.#circuit = new Circuit(options.policy, options.chance);
  }

  add(delivery: QueuedDelivery, finish: Finish): void {
    const giveUpAtMs = delivery.queuedAtMs + this.#options.policy.giveUpMs;
    const start = { attempts: 0, dueMs: -Infinity, underWay: undefined, lastFailure: undefined };
    this.#jobs.add({ delivery, finish, giveUpAtMs, ...start });
    this.#advance();
  }

  state(): DestinationState {
    const { clock } = this.#options;
    const circuit = this.#circuit.state;
    const waitMs = Math.max(this.#holdMs, this.#circuit.retryAtMs) - clock.monotonicMs();
    const waits = waitMs > 0 && circuit !== "half-open";
    return {
      delivered: this.#delivered,
      abandoned: this.#abandoned,
      failedAttempts: this.#failedAttempts,
      inFlight: this.#underWay,
      circuit,
      retryAtMs: waits ? Math.ceil(clock.nowMs() + waitMs) : undefined,
      lastFailure: this.#lastFailure,
      deliverMsTotal: this.#deliverMsTotal,
    };
  }

  async close(drainMs: number): Promise<void> {
    const { timer, destination } = this.#options;
    this.#idle = Promise.withResolvers<void>();
    this.#cancelWake?.();
    if (this.#underWay === 0) this.#idle.resolve();
    const cancel = timer.after(drainMs, () => {
      for (const { underWay } of this.#jobs) underWay?.abort();
    });
    await this.#idle.promise;
    cancel();
    await destination.close();
  }

  /** Begins what may begin, gives up what has waited too long, and sets the timer for what comes next. */
  #advance(): void {
    if (this.#idle !== undefined) return;
    const { clock, policy } = this.#options;
    this.#giveUpLate(clock.nowMs());
    while (this.#underWay < policy.concurrencyMax && this.#notBeforeMs() <= clock.monotonicMs()) {
      const job = this.#next(clock.monotonicMs());
      if (job === undefined) break;
      void this.#attempt(job);
    }
    this.#setWake();
  }

  #giveUpLate(nowMs: number): void {
    for (const job of this.#jobs) {
      if (job.underWay === undefined && job.giveUpAtMs < nowMs) this.#giveUp(job);
    }
  }

  /** Deliveries that wait for nothing but their time: the first of each alert, unless it is under way. */
  *#candidates(): Generator<Job> {
    const alerts = new Set<string>();
    for (const job of this.#jobs) {
      const { id } = job.delivery.alert;
      // What is told last about an alert must be what is true last.
      if (alerts.has(id)) continue;
      alerts.add(id);
      if (job.underWay === undefined) yield job;
    }
  }

  #next(nowMs: number): Job | undefined {
    let chosen: Job | undefined;
    for (const job of this.#candidates()) {
      if (job.dueMs > nowMs) continue;
      if (this.#circuit.state === "closed") return job;
      if (chosen === undefined || job.attempts < chosen.attempts) chosen = job;
    }
    return chosen;
  }

  /** Monotonic time before which no attempt begins. */
  #notBeforeMs(): number {
    return Math.max(this.#rateMs, this.#holdMs, this.#circuit.retryAtMs);
  }

  async #attempt(job: Job): Promise<void> {
    const { clock, policy, destination, onAttempt } = this.#options;
    const { key, alert, idempotencyKey } = job.delivery;
    const startedMs = clock.monotonicMs();
    const probe = this.#circuit.begin();
    job.underWay = new AbortController();
    job.attempts += 1;
    this.#underWay += 1;
    if (policy.perSecondMax !== undefined) this.#rateMs = startedMs + 1000 / policy.perSecondMax;
    const outcome = await destination.send({ idempotencyKey, alert }, job.underWay.signal);
    const durationMs = clock.monotonicMs() - startedMs;
    job.underWay = undefined;
    this.#underWay -= 1;
    onAttempt({ destination: destination.name, key, attempt: job.attempts, outcome, durationMs });
    this.#settle(job, { outcome, probe, durationMs });
    if (this.#underWay === 0) this.#idle?.resolve();
    this.#advance();
  }

  #settle(job: Job, { outcome, probe, durationMs }: Attempted): void {
    switch (outcome.kind) {
      case "delivered":
        this.#circuit.answered();
        this.#delivered += 1;
        this.#deliverMsTotal += durationMs;
        this.#lastFailure = undefined;
        this.#end(job, { kind: "delivered", key: job.delivery.key, attempts: job.attempts });
        return;
      case "refused":
        this.#circuit.answered();
        this.#lastFailure = outcome.reason;
        this.#abandon(job, outcome.reason);
        return;
      case "failed": {
        const nowMs = this.#options.clock.monotonicMs();
        this.#circuit.failed(probe, nowMs);
        this.#failedAttempts += 1;
        this.#lastFailure = outcome.reason;
        job.lastFailure = outcome.reason;
        this.#tryAgain(job, outcome.retryAfterMs ?? 0);
      }
    }
  }

  #tryAgain(job: Job, retryAfterMs: number): void {
    // When closing, the failure may be one that was made by ending the attempt.
    if (this.#idle !== undefined) return;
    const { clock, policy, chance } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#holdMs = Math.max(this.#holdMs, nowMs + Math.min(retryAfterMs, policy.giveUpMs));
    const delayMs = Math.max(retryAfterMs, delayAfter(job.attempts, policy, chance));
    if (clock.nowMs() + delayMs > job.giveUpAtMs) return this.#giveUp(job);
    job.dueMs = nowMs + delayMs;
  }

  #giveUp(job: Job): void {
    const after = formatDuration(this.#options.policy.giveUpMs);
    const cause = job.lastFailure ?? this.#lastFailure ?? "There was no time for an attempt.";
    this.#abandon(job, `Given up, as it could not be delivered within ${after}. ${cause}`);
  }

  #abandon(job: Job, reason: string): void {
    this.#abandoned += 1;
    this.#end(job, { kind: "abandoned", key: job.delivery.key, attempts: job.attempts, reason });
  }

  #end(job: Job, end: DeliveryEnd): void {
    this.#jobs.delete(job);
    job.finish(end);
  }

  #setWake(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    const delayMs = this.#nextWakeMs();
    if (delayMs === Infinity) return;
    const wakeMs = Math.min(wakeMaxMs, Math.max(1, Math.ceil(delayMs)));
    this.#cancelWake = this.#options.timer.after(wakeMs, () => this.#advance());
  }

  /** How long until something may begin or must be given up. The end of an attempt needs no timer. */
  #nextWakeMs(): number {
    const { clock, policy } = this.#options;
    const nowMs = clock.nowMs();
    let wakeMs = Infinity;
    for (const { underWay, giveUpAtMs } of this.#jobs) {
      if (underWay === undefined) wakeMs = Math.min(wakeMs, giveUpAtMs + 1 - nowMs);
    }
    if (this.#underWay >= policy.concurrencyMax) return wakeMs;
    const passedMs = clock.monotonicMs();
    for (const { dueMs } of this.#candidates()) {
      wakeMs = Math.min(wakeMs, Math.max(dueMs, this.#notBeforeMs()) - passedMs);
    }
    return wakeMs;
  }
}

interface Attempted {
  readonly outcome: DeliveryOutcome;
  readonly probe: boolean;
  readonly durationMs: number;
}
