import type { IncomingHttpHeaders } from "node:http";
import type { Answer } from "../answer.ts";
import type { IngestCode, Refusal } from "../refusal.ts";
import type { BulkItem } from "./bulk-body.ts";

/** Official clients refuse to talk to a server whose answers lack this header. */
const productHeaders = { "x-elastic-product": "Elasticsearch" };

/** Under what name Elasticsearch tells the same. */
const errorTypes: Partial<Record<IngestCode, string>> = {
  BODY_EMPTY: "parse_exception",
  UNAUTHORIZED: "security_exception",
  NOT_FOUND: "index_not_found_exception",
  BACKLOG_FULL: "es_rejected_execution_exception",
  BODIES_FULL: "es_rejected_execution_exception",
  BODY_TOO_LONG: "content_too_long_exception",
  CONTENT_TOO_LONG: "content_too_long_exception",
  TOO_MANY_RECORDS: "content_too_long_exception",
  SPOOL_UNWRITABLE: "unavailable_shards_exception",
  DRAINING: "node_closed_exception",
};

/** Why one action is not carried out. */
export interface ItemError {
  readonly status: number;
  readonly error: { readonly type: string; readonly reason: string };
}

export function itemErrorOf({ code, message, status }: Refusal): ItemError {
  return { status, error: { type: errorTypes[code] ?? "illegal_argument_exception", reason: message } };
}

/** Answers in the media type that the client asks for: newer clients refuse plain JSON. */
export function elasticAnswer(status: number, value: unknown, headers: IncomingHttpHeaders): Answer {
  const wanted = /application\/vnd\.elasticsearch\+json; *compatible-with=(\d{1,2})/.exec(
    headers.accept ?? "",
  );
  const contentType =
    wanted === null ? "application/json" : `application/vnd.elasticsearch+json;compatible-with=${wanted[1]}`;
  return { status, headers: { ...productHeaders, "content-type": contentType }, body: JSON.stringify(value) };
}

export function elasticRefusal(refusal: Refusal, headers: IncomingHttpHeaders): Answer {
  const { status, error } = itemErrorOf(refusal);
  const answer = elasticAnswer(status, { error: { root_cause: [error], ...error }, status }, headers);
  return { ...answer, headers: { ...answer.headers, ...refusal.headers } };
}

/** Whether a client says that it wants no more of each item than its status and error: most shippers do. */
export function wantsBriefItems(filterPath: unknown): boolean {
  if (typeof filterPath !== "string") return false;
  return filterPath.split(",").every((path) => /^(took|errors|items\.\*\.(status|error(\..+)?))$/.test(path));
}

/** An item of a `_bulk` answer. */
export function itemAnswer(item: BulkItem, outcome: ItemError | { readonly sequence: number }): unknown {
  const names = { _index: item.index, _id: item.id };
  if ("error" in outcome) return { [item.action]: { ...names, ...outcome } };
  return {
    [item.action]: {
      ...names,
      _version: 1,
      result: "created",
      _shards: { total: 1, successful: 1, failed: 0 },
      _seq_no: outcome.sequence,
      _primary_term: 1,
      status: 201,
    },
  };
}
