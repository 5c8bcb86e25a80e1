import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { rmSync } from "node:fs";
import type { JsonObject } from "../../src/core/json.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import type { RecordChunk } from "../../src/core/record.ts";
import { createFileSource, type FileSourceOptions } from "../../src/sources/files/source.ts";
import { RecordReader, type ReaderOptions } from "../../src/sources/records/reader.ts";
import { RecordWindow, type WindowOptions } from "../../src/sources/records/window.ts";
import type { Source } from "../../src/sources/source.ts";

/** A record as a test looks at it; `reason` and `bytesTotal` only where it is a fault. */
export interface SeenRecord {
  readonly stream: string;
  readonly offset: number;
  readonly text: string;
  readonly reason?: string;
  readonly bytesTotal?: number;
}

export function recordsOf(chunk: RecordChunk, count: number = chunk.count): SeenRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const start = chunk.starts[index] ?? 0;
    const fault = chunk.faults?.get(index);
    return {
      stream: chunk.stream,
      offset: chunk.baseOffset + start,
      text: chunk.bytes.toString("latin1", start, chunk.ends[index]),
      ...(fault === undefined ? {} : { reason: fault.reason, bytesTotal: fault.bytesTotal }),
    };
  });
}

/** Stands where the engine does: reads records and keeps the positions of the last commit. */
export class Reading {
  readonly positions: Map<string, JsonObject> = new Map();

  /** Reads to the end, or until so many records were read and committed; what else a chunk held is lost then. */
  async run(source: Source, recordsMax: number = Number.POSITIVE_INFINITY): Promise<SeenRecord[]> {
    const records: SeenRecord[] = [];
    await source.find();
    await source.open((stream) => this.positions.get(stream));
    while (records.length < recordsMax) {
      const chunk = await source.read();
      if (chunk === undefined) break;
      const count = Math.min(chunk.count, recordsMax - records.length);
      records.push(...recordsOf(chunk, count));
      // As the engine stores it: positions are JSON text in the state file.
      this.positions.set(chunk.stream, JSON.parse(JSON.stringify(chunk.positionAfter(count))) as JsonObject);
    }
    await source.close();
    return records;
  }
}

/** A folder with these files, gone when the test is over. Answers its path. */
export function folderWith(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-sources-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

export function fileSource(options: Partial<FileSourceOptions> & Pick<FileSourceOptions, "paths">): Source {
  return createFileSource({ limits: defaultLimits, ...options });
}

/** Reads one content to the end from memory. */
export function readContent(
  content: string | Buffer,
  options: Partial<Omit<ReaderOptions, "input" | "window"> & WindowOptions> = {},
): SeenRecord[] {
  const { recordBytesMax = defaultLimits.recordBytesMax, bufferBytes = 1024, ...others } = options;
  const bytes = Buffer.from(content);
  let offset = 0;
  const input = {
    ended: bytes.length === 0,
    failure: undefined,
    read(target: Buffer): number {
      const copied = bytes.copy(target, 0, offset);
      offset += copied;
      input.ended = offset === bytes.length;
      return copied;
    },
  };
  const reader = new RecordReader({
    source: "test",
    stream: "content",
    input,
    format: "auto",
    envelopeField: undefined,
    window: new RecordWindow({ recordBytesMax, bufferBytes }),
    resume: undefined,
    positionAt: () => ({}),
    ...others,
  });
  const records: SeenRecord[] = [];
  for (;;) {
    const chunk = reader.next();
    if (chunk instanceof Promise) throw new Error("a reader of bytes in memory must not wait");
    if (chunk === undefined) return records;
    if (chunk.count === 0) throw new Error("a chunk must not be empty");
    records.push(...recordsOf(chunk));
  }
}

export function texts(records: readonly SeenRecord[]): string[] {
  return records.map((record) => record.text);
}

/** Text, or `[reason, text]` for a fault. */
export function outcomes(records: readonly SeenRecord[]): (string | [string, string])[] {
  return records.map(({ text, reason }) => (reason === undefined ? text : [reason, text]));
}

export const compress = {
  none: (content: Buffer): Buffer => content,
  gzip: (content: Buffer): Buffer => gzipSync(content),
  zstd: (content: Buffer): Buffer => zstdCompressSync(content),
} as const;
