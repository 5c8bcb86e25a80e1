import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { HttpSourceConfig } from "../../../config/service-config.ts";
import type { Outcome } from "../answer.ts";
import { digestOf, idempotencyKeyOf, type Intake, readContent, store } from "../intake.ts";
import { Refusal } from "../refusal.ts";
import { looksLikeObject, type RecordRanges } from "../split.ts";
import {
  elasticAnswer,
  elasticRefusal,
  itemAnswer,
  type ItemError,
  itemErrorOf,
  wantsBriefItems,
} from "./answers.ts";
import { type BulkItem, readBulkBody } from "./bulk-body.ts";

/** A `_bulk` request and where it may send to. */
export interface BulkRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Sources that its path or its token allow; at least one. */
  readonly allowed: readonly HttpSourceConfig[];
  /** Index of its path, for actions that name none. */
  readonly index: string | undefined;
}

/** Numbers of the items that a source gets. */
type Shares = ReadonlyMap<HttpSourceConfig, readonly number[]>;

const noObject: ItemError = {
  status: 400,
  error: { type: "document_parsing_exception", reason: "the document is no JSON object" },
};

const notTaken: ItemError = {
  status: 400,
  error: { type: "illegal_argument_exception", reason: "events are only added: use create or index" },
};

/** Stores the documents of `_bulk` requests, and tells what became of each as Elasticsearch does. */
export class BulkReceiver {
  readonly #intake: Intake;
  /** Documents accepted by this process. */
  #sequence = 0;

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  async receive(bulk: BulkRequest): Promise<Outcome> {
    const { request, reply, allowed } = bulk;
    const source = allowed.length === 1 ? allowed[0] : undefined;
    const holding = this.#intake.held.begin(allowed[0]?.auth);
    try {
      const pieces = await readContent(this.#intake, { request, reply, source, holding });
      const outcome =
        pieces instanceof Refusal ? pieces : await this.#accept(bulk, this.#intake.joiner.join(pieces));
      if (!(outcome instanceof Refusal)) return outcome;
      // A request that may go to several sources belongs to none of them before its documents are looked at.
      const sources = source === undefined || outcome.status === 401 ? [] : [source.name];
      return { sources, answer: elasticRefusal(outcome, request.headers) };
    } finally {
      holding.end();
    }
  }

  /** Is done with the content before it waits for the spool, which has its own copy then. */
  async #accept(bulk: BulkRequest, content: Buffer): Promise<Outcome | Refusal> {
    const { clock, splitter } = this.#intake;
    const { headers } = bulk.request;
    const startedMs = clock.monotonicMs();
    const key = idempotencyKeyOf(headers["idempotency-key"]);
    if (key instanceof Refusal) return key;
    const items = readBulkBody(splitter, content);
    if (items instanceof Refusal) return items;
    const targets = items.map((item) => targetOf(bulk, content, item));
    const shares = sharesOf(targets);
    if (shares.size === 0 && targets.every((target) => "error" in target && target.status === 404))
      return noSource();
    const refusals = await this.#store(shares, { items, content, key });
    const sources = [...shares.keys()].map(({ name }) => name);
    const whole = refusals.size === shares.size ? refusals.values().next().value : undefined;
    if (whole !== undefined && !(whole.status === 429 && retriesItems(headers))) {
      return { sources, answer: elasticRefusal(whole, headers) };
    }
    const isBrief = wantsBriefItems((bulk.request.query as Readonly<Record<string, unknown>>)["filter_path"]);
    const answers = items.map((item, number) => {
      const error = outcomeOf(targets[number], refusals);
      return isBrief ? { [item.action]: error ?? { status: 201 } } : this.#answer(bulk, item, error);
    });
    const errors = targets.some((target) => outcomeOf(target, refusals) !== undefined);
    const took = Math.round(clock.monotonicMs() - startedMs);
    return { sources, answer: elasticAnswer(200, { took, errors, items: answers }, headers) };
  }

  /** Stores each source's share, and answers which of them were refused. */
  async #store(shares: Shares, bulk: Documents): Promise<ReadonlyMap<HttpSourceConfig, Refusal>> {
    const refusals = new Map<HttpSourceConfig, Refusal>();
    // Documents with ids are stored once each, so a request of such documents says itself when it comes again.
    const isKeyed = bulk.key !== undefined || bulk.items.every(({ id }) => id !== undefined);
    const digest = isKeyed ? digestOf(bulk.content) : "";
    const idempotencyKey = bulk.key ?? (isKeyed ? `bulk:${digest}` : undefined);
    const stored = [...shares].map(async ([source, numbers]) => {
      const items = numbers.flatMap((number) => bulk.items[number] ?? []);
      const receipt = await store(this.#intake, {
        source: source.name,
        records: [rangesOf(bulk.content, items)],
        idempotencyKey,
        digest,
      });
      if (receipt instanceof Refusal) refusals.set(source, receipt);
    });
    await Promise.all(stored);
    return refusals;
  }

  #answer(bulk: BulkRequest, item: BulkItem, error: ItemError | undefined): unknown {
    const sequence = this.#sequence++;
    const id = item.id ?? `${this.#intake.clock.nowMs().toString(36)}-${sequence.toString(36)}`;
    const index = item.index ?? bulk.index ?? bulk.allowed[0]?.name;
    return itemAnswer({ ...item, id, index }, error ?? { sequence });
  }
}

interface Documents {
  readonly items: readonly BulkItem[];
  readonly content: Buffer;
  /** What the client calls its request. */
  readonly key: string | undefined;
}

/** The source that an item's document is for, or why it is for none. */
function targetOf(bulk: BulkRequest, content: Buffer, item: BulkItem): HttpSourceConfig | ItemError {
  const { allowed } = bulk;
  const index = item.index ?? bulk.index;
  const source = allowed.length === 1 ? allowed[0] : allowed.find(({ name }) => name === index);
  if (source === undefined) return itemErrorOf(noSource());
  if (item.action === "update" || item.action === "delete") return notTaken;
  return looksLikeObject(content, item.start, item.end) ? source : noObject;
}

function noSource(): Refusal {
  const message =
    "several sources take this token: name the index like one of them, or send to /es/SOURCE/_bulk";
  return new Refusal("NOT_FOUND", message);
}

function sharesOf(targets: readonly (HttpSourceConfig | ItemError)[]): Shares {
  const shares = new Map<HttpSourceConfig, number[]>();
  for (const [number, target] of targets.entries()) {
    if ("error" in target) continue;
    const share = shares.get(target);
    if (share === undefined) shares.set(target, [number]);
    else share.push(number);
  }
  return shares;
}

function outcomeOf(
  target: HttpSourceConfig | ItemError | undefined,
  refusals: ReadonlyMap<HttpSourceConfig, Refusal>,
): ItemError | undefined {
  if (target === undefined || "error" in target) return target;
  const refusal = refusals.get(target);
  return refusal === undefined ? undefined : itemErrorOf(refusal);
}

/**
 * True for the helpers of the official clients, which send again the documents that an answer refuses, but give up when the
 * answer as a whole is a refusal. Shippers do it the other way round, so they are told so as a whole.
 */
function retriesItems(headers: IncomingHttpHeaders): boolean {
  return /(^|,)h=bp(,|$)/.test(String(headers["x-elastic-client-meta"]));
}

function rangesOf(bytes: Buffer, items: readonly BulkItem[]): RecordRanges {
  return {
    bytes,
    count: items.length,
    starts: Uint32Array.from(items, ({ start }) => start),
    ends: Uint32Array.from(items, ({ end }) => end),
  };
}
