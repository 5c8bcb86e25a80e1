import { StakeoutError } from "../core/errors.ts";
import { printable } from "../core/text.ts";
import { renderAlert } from "../destinations/console/render.ts";
import type { CommandAnswer } from "../engine/lane-messages.ts";
import type { DeliveryDetails, DeliveryListing, DeliveryPage } from "../service/admin/admin-service.ts";
import { type CommandIo, showsColor, writeText } from "./io.ts";
import { tellProblems } from "./service-actions.ts";
import { type ServiceClient, type ServiceOptions, withService } from "./service-client.ts";
import { count } from "./summary.ts";
import { type Column, renderTable } from "./table.ts";

export interface DeliveriesListOptions extends ServiceOptions {
  readonly destination?: string;
  readonly abandoned: boolean;
  readonly limit: number;
  readonly json: boolean;
}

const columns: readonly Column[] = [
  { name: "KEY" },
  { name: "STATE" },
  { name: "DESTINATION" },
  { name: "QUEUED" },
  { name: "SEVERITY" },
  { name: "RULE" },
  { name: "TITLE" },
  { name: "REASON" },
];

/** What the API gives at once, at most. */
const pageSizeMax = 1000;

/** Prints deliveries that have not arrived. Answers 0. */
export async function listDeliveriesCommand(options: DeliveriesListOptions, io: CommandIo): Promise<number> {
  const { deliveries, more } = await withService(options, (client) => readPages(client, options));
  if (options.json) {
    await writeText(io.stdout, deliveries.map((each) => `${JSON.stringify(each)}\n`).join(""));
  } else if (deliveries.length === 0) {
    io.stderr.write(options.abandoned ? "No delivery was given up.\n" : "No delivery waits.\n");
  } else {
    await writeText(io.stdout, renderTable(columns, deliveries.map(rowOf), io.stdout));
  }
  if (more) io.stderr.write(`There are more; show them with --limit ${options.limit * 10}.\n`);
  return 0;
}

async function readPages(
  client: ServiceClient,
  { destination, abandoned, limit }: DeliveriesListOptions,
): Promise<{ deliveries: readonly DeliveryListing[]; more: boolean }> {
  const deliveries: DeliveryListing[] = [];
  let after: string | undefined;
  for (;;) {
    const query = new URLSearchParams({
      abandoned: String(abandoned),
      limit: String(Math.min(pageSizeMax, limit - deliveries.length)),
      ...(destination === undefined ? {} : { destination }),
      ...(after === undefined ? {} : { after }),
    });
    const page = await client.ask<DeliveryPage>({ path: `/v1/deliveries?${query.toString()}` });
    deliveries.push(...page.deliveries);
    after = page.next;
    if (after === undefined || deliveries.length >= limit) return { deliveries, more: after !== undefined };
  }
}

function rowOf({
  key,
  state,
  destination,
  queuedAtMs,
  severity,
  ruleId,
  title,
  reason,
}: DeliveryListing): readonly string[] {
  return [key, state, destination, wholeSeconds(queuedAtMs), severity, ruleId, title, reason ?? ""];
}

export interface DeliveryShowOptions extends ServiceOptions {
  readonly key: string;
  readonly json: boolean;
}

/** Wider than any text of an alert: who asks for one delivery wants all of it, and a terminal wraps. */
const uncutColumns = 1_000_000;

/** Prints one delivery with its alert. Answers 0; throws `NOT_FOUND`. */
export async function showDeliveryCommand(
  { key, json, ...options }: DeliveryShowOptions,
  io: CommandIo,
): Promise<number> {
  const delivery = await withService(options, (client) =>
    client.ask<DeliveryDetails>({ path: `/v1/deliveries/${encodeURIComponent(key)}` }),
  );
  await writeText(io.stdout, json ? `${JSON.stringify(delivery)}\n` : renderDelivery(delivery, io));
  return 0;
}

function renderDelivery(delivery: DeliveryDetails, { stdout }: CommandIo): string {
  const { key, state, destination, idempotencyKey, queuedAtMs, abandonedAtMs, attempts, reason, alert } =
    delivery;
  const givenUp =
    abandonedAtMs === undefined
      ? []
      : [`given up ${wholeSeconds(abandonedAtMs)} after ${count(attempts ?? 0, "attempt")}: ${reason ?? ""}`];
  const lines = [
    `${key} to ${destination}, ${state}`,
    `queued ${wholeSeconds(queuedAtMs)}, idempotency key ${idempotencyKey}`,
    ...givenUp,
  ];
  const alertText = renderAlert(alert, { color: showsColor(stdout), width: uncutColumns });
  return `${lines.map((line) => `${printable(line)}\n`).join("")}${alertText.trimEnd()}\n`;
}

export interface DeliveriesChangeOptions extends ServiceOptions {
  readonly keys: readonly string[];
  readonly destination?: string;
  readonly all: boolean;
}

/** Begins abandoned deliveries anew. Answers 0; 1 when some could not be. Throws `USAGE`. */
export function retryDeliveriesCommand(options: DeliveriesChangeOptions, io: CommandIo): Promise<number> {
  return changeDeliveries(options, io, { action: "retry", done: "begun anew" });
}

/** Forgets abandoned deliveries for good. Answers 0; 1 when some could not be. Throws `USAGE`. */
export function dropDeliveriesCommand(options: DeliveriesChangeOptions, io: CommandIo): Promise<number> {
  return changeDeliveries(options, io, { action: "drop", done: "dropped" });
}

interface Change {
  readonly action: "retry" | "drop";
  readonly done: string;
}

async function changeDeliveries(
  options: DeliveriesChangeOptions,
  io: CommandIo,
  { action, done }: Change,
): Promise<number> {
  const body = selectionOf(options);
  const answer = await withService(options, (client) =>
    client.ask<CommandAnswer>({ method: "POST", path: `/v1/deliveries/${action}`, body, timeoutMs: 60_000 }),
  );
  io.stderr.write(
    `${answer.done === 1 ? "1 delivery" : `${answer.done.toLocaleString("en-US")} deliveries`} ${done}.\n`,
  );
  return tellProblems(answer, io);
}

function selectionOf({ keys, destination, all }: DeliveriesChangeOptions): Readonly<Record<string, unknown>> {
  const chosen = [
    ...(keys.length === 0 ? [] : [{ keys }]),
    ...(destination === undefined ? [] : [{ destination }]),
    ...(all ? [{ all }] : []),
  ];
  const [only] = chosen;
  if (only !== undefined && chosen.length === 1) return only;
  throw new StakeoutError(
    "USAGE",
    "Name deliveries by their keys, or by --destination NAME, or take --all; one of these.",
  );
}

function wholeSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
