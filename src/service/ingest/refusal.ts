/** Why a request is not accepted, with the HTTP status. docs/ingestion.md has a row for each; a test compares the two. */
const statuses = {
  REQUEST_MALFORMED: 400,
  REQUEST_INCOMPLETE: 400,
  BODY_EMPTY: 400,
  BODY_MALFORMED: 400,
  COMPRESSION_CORRUPT: 400,
  IDEMPOTENCY_KEY_INVALID: 400,
  UNAUTHORIZED: 401,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  BODY_TOO_LONG: 413,
  CONTENT_TOO_LONG: 413,
  TOO_MANY_RECORDS: 413,
  CONTENT_TYPE_UNSUPPORTED: 415,
  CONTENT_ENCODING_UNSUPPORTED: 415,
  IDEMPOTENCY_KEY_REUSED: 422,
  BACKLOG_FULL: 429,
  BODIES_FULL: 429,
  HEADERS_TOO_LONG: 431,
  INTERNAL: 500,
  SPOOL_UNWRITABLE: 503,
  DRAINING: 503,
} as const;

export type IngestCode = keyof typeof statuses;

/** HTTP status by code. */
export const ingestCodes: Readonly<Record<IngestCode, number>> = statuses;

export interface RefusalDetails {
  /** After how long the same request may be accepted. */
  readonly retryAfterMs?: number;
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is not accepted: nothing of it is stored. An outcome, not an error. */
export class Refusal {
  readonly code: IngestCode;
  /** One sentence for the client's operator, without secrets and without what the client sent. */
  readonly message: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: IngestCode, message: string, details: RefusalDetails = {}) {
    const { retryAfterMs, headers = {} } = details;
    this.code = code;
    this.message = message;
    this.status = ingestCodes[code];
    this.headers =
      retryAfterMs === undefined
        ? headers
        : { ...headers, "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
  }
}
