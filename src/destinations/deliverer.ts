import type { Alert } from "../core/alert.ts";

/** A delivery that is committed, on its way to a destination that needs a request for it. */
export interface QueuedDelivery {
  /** Of the outbox: the same delivery handed over twice is one. */
  readonly key: string;
  readonly destination: string;
  readonly idempotencyKey: string;
  readonly alert: Alert;
  /** Wall clock when it was put into the outbox. */
  readonly queuedAtMs: number;
}

/** How a delivery ended. */
export type DeliveryEnd =
  | { readonly kind: "delivered"; readonly key: string; readonly attempts: number }
  /** Refused, or failed for too long. It is kept for a person to look at. */
  | { readonly kind: "abandoned"; readonly key: string; readonly attempts: number; readonly reason: string };

/** What a destination did since the process began. */
export interface DestinationState {
  readonly delivered: number;
  readonly abandoned: number;
  readonly failedAttempts: number;
  readonly inFlight: number;
  /** `open`: failing, tried again at `retryAtMs` (wall clock) with one delivery. */
  readonly circuit: "closed" | "open" | "half-open";
  readonly retryAtMs: number | undefined;
  /** Of the last failed attempt; `undefined` after one that succeeded. */
  readonly lastFailure: string | undefined;
  /** Sum over attempts that delivered. */
  readonly deliverMsTotal: number;
}
