import type { Delivery } from "./destination.ts";

/** What became of one attempt at a delivery. */
export type DeliveryOutcome =
  | { readonly kind: "delivered" }
  /** Worth another attempt: no connection, no answer in time, a status that says so. */
  | {
      readonly kind: "failed";
      /** One sentence without secrets. */
      readonly reason: string;
      /** How long the receiver asks to be left alone. */
      readonly retryAfterMs?: number | undefined;
    }
  /** No attempt with the same content can succeed. */
  | { readonly kind: "refused"; readonly reason: string };

/**
 * A destination that is reached by a request each. The deliverer calls `send` for one delivery after another, several at a
 * time where its policy allows, and again for one that failed: at least once each, under a key that stays the same.
 */
export interface RemoteDestination {
  readonly name: string;
  /** Makes one attempt. Never rejects; `signal` ends it. */
  send(delivery: Delivery, signal: AbortSignal): Promise<DeliveryOutcome>;
  /** Called once, when no `send` is under way. */
  close(): Promise<void>;
}
