import type { SpoolReceipt } from "../../sources/spool/spool.ts";
import type { RecordRanges } from "./split.ts";

/** What this process has accepted for a source, and what it answered. */
export interface IngestStatus {
  readonly records: number;
  readonly bytes: number;
  /** Requests by HTTP status. */
  readonly requests: Readonly<Record<string, number>>;
  /** Requests that had been stored before. */
  readonly repeatedRequests: number;
}

/** Requests that belong to no source: refused before it was clear that they may send to one. */
export interface IngestTotals {
  /** By HTTP status. */
  readonly requests: Readonly<Record<string, number>>;
  /** Connections that are open. */
  readonly connections: number;
  /** Connections that were closed at once because as many as may be were open. */
  readonly droppedConnections: number;
  /** Bytes of bodies in memory. */
  readonly heldBytes: number;
}

export class RequestCounter {
  readonly requests: Record<string, number> = {};

  count(status: number): void {
    this.requests[status] = (this.requests[status] ?? 0) + 1;
  }
}

export class SourceCounters extends RequestCounter {
  #records = 0;
  #bytes = 0;
  #repeatedRequests = 0;

  receive(
    receipt: Extract<SpoolReceipt, { readonly records: number }>,
    records: readonly RecordRanges[],
  ): void {
    if (receipt.kind === "repeated") {
      this.#repeatedRequests++;
      return;
    }
    this.#records += receipt.records;
    for (const ranges of records) this.#bytes += bytesOf(ranges);
  }

  status(): IngestStatus {
    return {
      records: this.#records,
      bytes: this.#bytes,
      requests: { ...this.requests },
      repeatedRequests: this.#repeatedRequests,
    };
  }
}

function bytesOf({ count, starts, ends }: RecordRanges): number {
  let bytes = 0;
  for (let index = 0; index < count; index++) bytes += (ends[index] ?? 0) - (starts[index] ?? 0);
  return bytes;
}
