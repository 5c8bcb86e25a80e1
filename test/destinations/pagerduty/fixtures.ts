import type { RemoteDestination } from "../../../src/destinations/remote.ts";
import { createPagerDutyDestination } from "../../../src/destinations/pagerduty/destination.ts";
import { startReceiver, type Reaction, type ReceivedRequest, type Receiver } from "../receiver.ts";
import { closing, loopback, surroundings } from "../request-fixtures.ts";

export const routingKey = "e93facc04764012d7bfb002500d5d1a6";

export interface FakePagerDuty extends Receiver {
  /** Events that were accepted. */
  readonly events: readonly FakeEvent[];
  /** Incidents that are open, by dedup key. */
  readonly open: ReadonlySet<string>;
}

export interface FakeEvent {
  readonly routing_key: string;
  readonly event_action: string;
  readonly dedup_key: string;
  readonly payload?: FakePayload;
  readonly links?: readonly { readonly href: string; readonly text: string }[];
  readonly client?: string;
}

interface FakePayload {
  readonly summary: string;
  readonly severity: string;
  readonly source: string;
  readonly timestamp: string;
  readonly component?: string;
  readonly group?: string;
  readonly class?: string;
  readonly custom_details: Readonly<Record<string, unknown>>;
}

/** An Events API v2 that refuses what PagerDuty documents to refuse. `failures` is what it does first. */
export async function fakePagerDuty(failures: readonly Reaction[] = []): Promise<FakePagerDuty> {
  const events: FakeEvent[] = [];
  const open = new Set<string>();
  const left = [...failures];
  const receiver = await startReceiver((request) => {
    const failure = left.shift();
    if (failure !== undefined) return failure;
    const errors = eventProblems(request);
    if (errors.length > 0) return invalid(errors);
    const event = JSON.parse(request.body) as FakeEvent;
    events.push(event);
    if (event.event_action === "trigger") open.add(event.dedup_key);
    else open.delete(event.dedup_key);
    const body = { status: "success", message: "Event processed", dedup_key: event.dedup_key };
    return { status: 202, body: JSON.stringify(body) };
  });
  return { ...receiver, events, open };
}

export function invalid(errors: readonly string[]): Reaction {
  const body = { status: "invalid event", message: "Event object is invalid", errors };
  return { status: 400, body: JSON.stringify(body) };
}

/** What PagerDuty's reference says against a request. */
function eventProblems({ method, path, headers, body }: ReceivedRequest): readonly string[] {
  if (method !== "POST" || path !== "/v2/enqueue") return ["Unknown address"];
  if (headers["content-type"] !== "application/json") return ["Wrong content type"];
  if (Buffer.byteLength(body) > 512 * 1000) return ["Event is too large"];
  const event = JSON.parse(body) as FakeEvent;
  const errors: string[] = [];
  if (event.routing_key.length !== 32) {
    errors.push("Length of 'routing_key' is incorrect (should be 32 characters)");
  }
  if (!["trigger", "acknowledge", "resolve"].includes(event.event_action)) errors.push("'event_action'");
  if (event.dedup_key === "" || event.dedup_key.length > 255) errors.push("'dedup_key'");
  if (event.event_action !== "trigger") return errors;
  const { payload, links } = event;
  if (payload === undefined) return [...errors, "'payload' is missing or blank"];
  if (payload.summary === "" || payload.summary.length > 1024) errors.push("'payload.summary'");
  if (!["critical", "error", "warning", "info"].includes(payload.severity)) errors.push("'payload.severity'");
  if (payload.source === "") errors.push("'payload.source' is missing or blank");
  if (Number.isNaN(Date.parse(payload.timestamp))) errors.push("'payload.timestamp'");
  if (links?.some(({ href }) => !URL.canParse(href)) === true) errors.push("'links'");
  return errors;
}

interface Options {
  readonly routingKey?: string;
}

/** The destination for a fake. */
export function pagerDuty(receiver: Receiver, options: Options = {}): RemoteDestination {
  const url = `${receiver.url}/v2/enqueue`;
  const target = { name: "pagerduty", url, timeoutMs: 60_000, privateNetworks: loopback };
  return closing(createPagerDutyDestination({ ...target, routingKey, ...options }, surroundings()));
}
