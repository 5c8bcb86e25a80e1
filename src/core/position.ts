/**
 * Where a record stands in what was read: a source, one of its streams (a file's absolute path; for standard input
 * the run's number), and the offset of the record's first byte in that stream, after decompression. The same record
 * has the same position in every run, which is what makes a row id stable and a retried operation recognisable.
 */
export interface Position {
  readonly source: string;
  readonly stream: string;
  /** Bytes from the start of the decompressed stream. */
  readonly offset: number;
}

/** How far a stream has been read. The value belongs to the source that wrote it; nobody else looks inside. */
export interface StreamPosition {
  readonly source: string;
  readonly stream: string;
  readonly value: import("./json.ts").JsonObject;
}
