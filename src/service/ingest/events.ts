import type { FastifyReply, FastifyRequest } from "fastify";
import type { HttpSourceConfig } from "../../config/service-config.ts";
import { type Answer, jsonAnswer, type Outcome, refusalAnswer } from "./answer.ts";
import { digestOf, idempotencyKeyOf, type Intake, readContent, store, unauthorized } from "./intake.ts";
import { Refusal } from "./refusal.ts";
import { looksLikeObject, type RecordRanges } from "./split.ts";
import { webhookSigns } from "./webhooks.ts";

/** Records of one request: places of very short ones would otherwise take many times the memory of the body. */
const recordsMax = 1_000_000;

interface EventsRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly source: HttpSourceConfig;
}

/** `POST /v1/events/{source}`. */
export async function receiveEvents(
  intake: Intake,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Outcome> {
  const source = intake.sources.get((request.params as { readonly source: string }).source);
  if (!intake.authenticator.admits(source, request.headers) || source === undefined) {
    return { sources: [], answer: refusalAnswer(unauthorized()) };
  }
  const received = await receive(intake, { request, reply, source });
  const answer = received instanceof Refusal ? refusalAnswer(received) : received;
  return { sources: answer.status === 401 ? [] : [source.name], answer };
}

async function receive(intake: Intake, { request, reply, source }: EventsRequest): Promise<Answer | Refusal> {
  const givenKey = idempotencyKeyOf(request.headers["idempotency-key"]);
  if (givenKey instanceof Refusal) return givenKey;
  const holding = intake.held.begin(source.auth);
  try {
    const pieces = await readContent(intake, { request, reply, source, holding });
    if (pieces instanceof Refusal) return pieces;
    const content = intake.joiner.join(pieces);
    const { probe, key } = webhookSigns(source.auth, request.headers, content);
    if (probe !== undefined) return jsonAnswer(probe.status, probe.body);
    const idempotencyKey = givenKey ?? idempotencyKeyOf(key);
    if (idempotencyKey instanceof Refusal) return idempotencyKey;
    return await accept(intake, { source, content, idempotencyKey });
  } finally {
    holding.end();
  }
}

interface Content {
  readonly source: HttpSourceConfig;
  readonly content: Buffer;
  readonly idempotencyKey: string | undefined;
}

/** Is done with the content before it waits for the spool, which has its own copy then. */
async function accept(
  intake: Intake,
  { source, content, idempotencyKey }: Content,
): Promise<Answer | Refusal> {
  if (isBlank(content)) return new Refusal("BODY_EMPTY", "the body is empty");
  const split = intake.splitter.split(content, {
    format: source.format,
    envelopeField: source.envelopeField,
    recordsMax,
  });
  if (split.kind === "fault")
    return new Refusal("BODY_MALFORMED", `${split.fault.message}; nothing of it was accepted`);
  if (split.kind === "too-many") {
    return new Refusal(
      "TOO_MANY_RECORDS",
      `the body holds more than ${recordsMax} records; send fewer at a time`,
    );
  }
  if (split.count === 0) return accepted(0, 0);
  // Lines that were configured as such may be of any text; what they are is the log type's to say.
  const malformed = source.format === "lines" ? 0 : countMalformed(split.records);
  if (malformed === split.count) {
    return new Refusal(
      "BODY_MALFORMED",
      "nothing in the body is a JSON object; for lines of other text set the source's format to lines",
    );
  }
  const receipt = await store(intake, {
    source: source.name,
    records: split.records,
    idempotencyKey,
    digest: idempotencyKey === undefined ? "" : digestOf(content),
  });
  if (receipt instanceof Refusal) return receipt;
  return receipt.kind === "repeated"
    ? jsonAnswer(202, { accepted: receipt.records, malformed, repeated: true })
    : accepted(receipt.records, malformed);
}

function accepted(records: number, malformed: number): Answer {
  return jsonAnswer(202, { accepted: records, malformed });
}

function isBlank(content: Buffer): boolean {
  return content.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

function countMalformed(records: readonly RecordRanges[]): number {
  let malformed = 0;
  for (const { bytes, count, starts, ends } of records) {
    for (let index = 0; index < count; index++) {
      if (!looksLikeObject(bytes, starts[index] ?? 0, ends[index] ?? 0)) malformed++;
    }
  }
  return malformed;
}
