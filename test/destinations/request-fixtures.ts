import { onTestFinished } from "vitest";

import { systemTimer } from "../../src/core/clock.ts";
import type { Delivery } from "../../src/destinations/destination.ts";
import type { RequestSurroundings } from "../../src/destinations/http-request.ts";
import type { DeliveryOutcome, RemoteDestination } from "../../src/destinations/remote.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { alert } from "../core/alert.fixture.ts";

/** Where local receivers listen. */
export const loopback: readonly string[] = ["127.0.0.0/8"];

/** Surroundings in which it is always the start of 2026. No test waits for a time limit of the timer. */
export function surroundings(overrides: Partial<RequestSurroundings> = {}): RequestSurroundings {
  return { clock: manualClock(), timer: systemTimer, version: "1.2.3", ...overrides };
}

export function delivery(overrides: Partial<Delivery["alert"]> = {}): Delivery {
  const shown = alert(overrides);
  return { idempotencyKey: `${shown.id}:${shown.status}`, alert: shown };
}

/** Makes one attempt. */
export async function send(
  destination: RemoteDestination,
  sent: Delivery = delivery(),
): Promise<DeliveryOutcome> {
  return await destination.send(sent, new AbortController().signal);
}

/** The destination, closed after the test. */
export function closing(destination: RemoteDestination): RemoteDestination {
  onTestFinished(() => destination.close());
  return destination;
}
