import type { Alert } from "../../core/alert.ts";
import type { Problem } from "../../core/errors.ts";
import type { Severity } from "../../core/severity.ts";
import type { DeliveryOutcome } from "../../destinations/remote.ts";
import type { CommandAnswer } from "../../engine/lane-messages.ts";
import type { ServiceStatus } from "../status.ts";

/**
 * What the administration API asks the running service. Every method may be called at any time, several at once; one that
 * rejects is answered with 503 when the error is retryable, else with 500.
 */
export interface AdminService {
  /** Called for every scrape and once a second by `stakeout top`. */
  status(): ServiceStatus;
  /** Whether events are taken: the lane runs, the spool can be written, no stop is under way. `reasons` when not, a sentence each. */
  ready(): Readiness;
  /** A page of deliveries that have not arrived, oldest first within a destination. */
  listDeliveries(query: DeliveryQuery): Promise<DeliveryPage>;
  /** One of them with its alert; `undefined` when there is none under this key. */
  findDelivery(key: string): Promise<DeliveryDetails | undefined>;
  /** Begins abandoned deliveries anew, as if they had just been put into the outbox. Resolves when that is committed. */
  retryDeliveries(selection: DeliverySelection): Promise<CommandAnswer>;
  /** Forgets abandoned deliveries for good. Resolves when that is committed. */
  dropDeliveries(selection: DeliverySelection): Promise<CommandAnswer>;
  /** Loads rules and log types again. Resolves when the new ones have taken over, or were refused because of `problems`. */
  reload(): Promise<ReloadResult>;
  /** A staged rule notifies from the next batch on. `undefined`, here and below, when there is no such rule. */
  promoteRule(id: string): Promise<CommandAnswer | undefined>;
  /** A rule matches and counts from the next batch on, without notifying anybody. */
  stageRule(id: string): Promise<CommandAnswer | undefined>;
  /** A suspended rule is asked again from the next batch on, with nothing counted against it. */
  resumeRule(id: string): Promise<CommandAnswer | undefined>;
  /** Sends a marked test alert, past the outbox, once. `undefined` when there is no such destination. */
  testDestination(name: string): Promise<DeliveryOutcome | undefined>;
}

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface DeliveryQuery {
  /** True: only those that were given up. */
  readonly abandoned: boolean;
  readonly destination: string | undefined;
  /** 1 to 1,000. */
  readonly limit: number;
  /** `next` of the page before; `undefined` for the first. */
  readonly after: string | undefined;
}

export interface DeliveryPage {
  readonly deliveries: readonly DeliveryListing[];
  /** `undefined` on the last page. */
  readonly next: string | undefined;
}

export interface DeliveryListing {
  /** Of the outbox. */
  readonly key: string;
  readonly destination: string;
  readonly state: "waiting" | "abandoned";
  readonly alertId: string;
  readonly alertStatus: Alert["status"];
  readonly ruleId: string;
  readonly severity: Severity;
  readonly title: string;
  /** Wall clock, in milliseconds. */
  readonly queuedAtMs: number;
  /** Only of abandoned ones: when it was given up (wall clock), after how many attempts, and why. */
  readonly abandonedAtMs?: number;
  readonly attempts?: number;
  readonly reason?: string;
}

export interface DeliveryDetails extends DeliveryListing {
  readonly idempotencyKey: string;
  readonly alert: Alert;
}

/** Which abandoned deliveries are meant. */
export type DeliverySelection =
  | { readonly kind: "keys"; readonly keys: readonly string[] }
  | { readonly kind: "destination"; readonly destination: string }
  | { readonly kind: "all" };

export interface ReloadResult {
  readonly ok: boolean;
  /** Why it was refused; the old content goes on. */
  readonly problems: readonly Problem[];
}
