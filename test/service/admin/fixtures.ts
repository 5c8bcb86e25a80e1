import { connect } from "node:net";
import { PassThrough } from "node:stream";

import { request } from "undici";
import { onTestFinished } from "vitest";

import type { Alert } from "../../../src/core/alert.ts";
import type { AdminConfig } from "../../../src/config/service-config.ts";
import type { DeliveryOutcome } from "../../../src/destinations/remote.ts";
import type {
  AdminService,
  DeliveryDetails,
  DeliveryPage,
  DeliveryQuery,
  DeliverySelection,
  Readiness,
  ReloadResult,
} from "../../../src/service/admin/admin-service.ts";
import type { CommandAnswer } from "../../../src/engine/lane-messages.ts";
import { createAdminServer } from "../../../src/service/admin/server.ts";
import { createLog } from "../../../src/service/log.ts";
import type { ServiceStatus } from "../../../src/service/status.ts";
import { nowMs, serviceStatus } from "./status-fixtures.ts";

export const token = "a-token-of-some-length";

/** A service in memory; a test sets what it answers and looks at what it was asked. */
export class ServiceInMemory implements AdminService {
  /** Answered one after another; the last one for good. */
  statuses: ServiceStatus[] = [serviceStatus()];
  readiness: Readiness = { ready: true, reasons: [] };
  deliveries: DeliveryDetails[] = [];
  reloadResult: ReloadResult = { ok: true, problems: [] };
  outcome: DeliveryOutcome = { kind: "delivered" };
  readonly staged: Set<string> = new Set();
  /** Thrown by every method that may reject. */
  error: Error | undefined;

  status(): ServiceStatus {
    const next = this.statuses.length > 1 ? this.statuses.shift() : this.statuses[0];
    return next ?? serviceStatus();
  }

  ready(): Readiness {
    return this.readiness;
  }

  async listDeliveries({ abandoned, destination, limit, after }: DeliveryQuery): Promise<DeliveryPage> {
    this.#fail();
    const fitting = this.deliveries
      .filter(({ state }) => !abandoned || state === "abandoned")
      .filter((delivery) => destination === undefined || delivery.destination === destination)
      .filter(({ key }) => after === undefined || key > after);
    const deliveries = fitting.slice(0, limit);
    return { deliveries, next: fitting.length > limit ? deliveries.at(-1)?.key : undefined };
  }

  async findDelivery(key: string): Promise<DeliveryDetails | undefined> {
    this.#fail();
    return this.deliveries.find((delivery) => delivery.key === key);
  }

  async retryDeliveries(selection: DeliverySelection): Promise<CommandAnswer> {
    const { meant, problems } = this.#choose(selection);
    this.deliveries = this.deliveries.map((delivery) =>
      meant.has(delivery.key) ? { ...delivery, state: "waiting" } : delivery,
    );
    return { done: meant.size, problems };
  }

  async dropDeliveries(selection: DeliverySelection): Promise<CommandAnswer> {
    const { meant, problems } = this.#choose(selection);
    this.deliveries = this.deliveries.filter(({ key }) => !meant.has(key));
    return { done: meant.size, problems };
  }

  async reload(): Promise<ReloadResult> {
    this.#fail();
    return this.reloadResult;
  }

  async promoteRule(id: string): Promise<CommandAnswer | undefined> {
    if (!this.#knows(id)) return undefined;
    return { done: Number(this.staged.delete(id)), problems: [] };
  }

  async stageRule(id: string): Promise<CommandAnswer | undefined> {
    if (!this.#knows(id)) return undefined;
    const done = Number(!this.staged.has(id));
    this.staged.add(id);
    return { done, problems: [] };
  }

  async resumeRule(id: string): Promise<CommandAnswer | undefined> {
    return this.#knows(id) ? { done: 0, problems: [`Rule ${id} is not suspended.`] } : undefined;
  }

  async testDestination(name: string): Promise<DeliveryOutcome | undefined> {
    const known = this.statuses[0]?.destinations.some((destination) => destination.name === name);
    return known === true ? this.outcome : undefined;
  }

  #fail(): void {
    if (this.error !== undefined) throw this.error;
  }

  #knows(id: string): boolean {
    return this.statuses[0]?.rules.some((rule) => rule.id === id) ?? false;
  }

  #choose(selection: DeliverySelection): { meant: ReadonlySet<string>; problems: readonly string[] } {
    this.#fail();
    const abandoned = this.deliveries.filter(({ state }) => state === "abandoned");
    if (selection.kind === "all") return { meant: new Set(abandoned.map(({ key }) => key)), problems: [] };
    if (selection.kind === "destination") {
      const there = abandoned.filter(({ destination }) => destination === selection.destination);
      return { meant: new Set(there.map(({ key }) => key)), problems: [] };
    }
    const known = new Set(abandoned.map(({ key }) => key));
    return {
      meant: new Set(selection.keys.filter((key) => known.has(key))),
      problems: selection.keys
        .filter((key) => !known.has(key))
        .map((key) => `There is no delivery ${key} that was given up.`),
    };
  }
}

const raisedAlert: Alert = {
  id: "5f3a91c2d4e6",
  status: "open",
  ruleId: "AWS.CloudTrail.RootLogin",
  ruleName: "Root login",
  title: "Root signed in from 192.0.2.7",
  severity: "high",
  dedup: "root",
  logType: "AWS.CloudTrail",
  description: "",
  reference: "",
  runbook: "",
  tags: [],
  reports: {},
  destinations: null,
  threshold: 1,
  matchCount: 1,
  firstEventTime: "2026-03-01T11:00:00.000Z",
  lastEventTime: "2026-03-01T11:00:00.000Z",
  windowStart: "2026-03-01T11:00:00.000Z",
  windowEnd: "2026-03-01T12:00:00.000Z",
  createdAt: "2026-03-01T11:00:00.000Z",
  context: {},
  summary: {},
  events: [{ eventName: "ConsoleLogin" }],
  eventsOmitted: 0,
  position: { source: "cloudtrail", stream: "1", offset: 0 },
};

export function delivery(overrides: Partial<DeliveryDetails> = {}): DeliveryDetails {
  return {
    key: "oncall-1",
    destination: "oncall",
    state: "abandoned",
    alertId: raisedAlert.id,
    alertStatus: "open",
    ruleId: raisedAlert.ruleId,
    severity: "high",
    title: raisedAlert.title,
    queuedAtMs: nowMs - 90_000_000,
    abandonedAtMs: nowMs - 3_600_000,
    attempts: 17,
    reason: "The receiver answered 410.",
    idempotencyKey: `${raisedAlert.id}-open`,
    alert: raisedAlert,
    ...overrides,
  };
}

export interface StartedServer {
  readonly service: ServiceInMemory;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** What was logged so far. */
  readonly log: () => string;
}

/** A server on a free port of this machine, closed when the test has ended. */
export async function startServer(overrides: Partial<AdminConfig> = {}): Promise<StartedServer> {
  const config: AdminConfig = {
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    token,
    openHealth: false,
    ...overrides,
  };
  const service = new ServiceInMemory();
  const { log, text } = collectedLog();
  const server = createAdminServer({ config, service, log });
  onTestFinished(() => server.close());
  const { port } = await server.listen();
  const scheme = config.tls === undefined ? "http" : "https";
  return { service, url: `${scheme}://127.0.0.1:${port}`, host: "127.0.0.1", port, log: text };
}

/** A log whose lines a test can read. */
export function collectedLog(): { log: ReturnType<typeof createLog>; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new PassThrough().on("data", (chunk: Buffer) => chunks.push(chunk));
  const clock = { nowMs: () => nowMs, monotonicMs: () => 0 };
  const log = createLog({ level: "debug", format: "json", stream, isTTY: false, clock });
  return { log, text: () => Buffer.concat(chunks).toString() };
}

interface Asked {
  readonly url: string;
  readonly authorization?: string | null;
  readonly method?: "GET" | "POST" | "HEAD";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly json: unknown;
}

/** One request, with the right token unless told otherwise. */
export async function ask(asked: Asked): Promise<Answered> {
  const { url, authorization = `Bearer ${token}`, method = "GET", body, headers = {} } = asked;
  const answer = await request(url, {
    method,
    headers: {
      ...(authorization === null ? {} : { authorization }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.body.text();
  const json = String(answer.headers["content-type"]).startsWith("application/json") && text !== "";
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    json: json ? (JSON.parse(text) as unknown) : undefined,
  };
}

/** What comes back for bytes that no client of HTTP would send. */
export function askRaw(port: number, bytes: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
  socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  socket.on("close", () => resolve(text)).on("error", reject);
  return promise;
}
