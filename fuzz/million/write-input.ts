import { closeSync, openSync, realpathSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";

import type { DeadLetterReason } from "../../src/core/record.ts";
import { Chance } from "../../sim/chance.ts";
import { goodRecord, malformedLine } from "./malformed.ts";

/** What must become of the input. */
export interface Expected {
  readonly goodRecords: number;
  /** In the order in which they are read. */
  readonly deadLetters: readonly ExpectedDeadLetter[];
}

export interface ExpectedDeadLetter {
  /** Absolute path. */
  readonly stream: string;
  readonly offset: number;
  readonly reason: DeadLetterReason;
}

const pieceBytes = 1024 * 1024;

/**
 * Writes a folder of files with so many malformed records of every kind, and about half as many good ones among them. The same
 * seed writes the same files.
 */
export function writeInput(folder: string, malformed: number, seed: number): Expected {
  const writer = new InputWriter(realpathSync(folder), seed);
  const files = Math.max(1, Math.floor(malformed / 5000));
  // Each file that is cut off or corrupt, or that ends within an array, has one dead letter.
  for (let file = 0; file < files; file++) writer.addBroken(file);
  writer.addEnvelopes(Math.floor(malformed / 50));
  writer.addLines(malformed - writer.deadLetters.length);
  return { goodRecords: writer.goodRecords, deadLetters: writer.inOrder() };
}

class InputWriter {
  readonly deadLetters: ExpectedDeadLetter[] = [];
  goodRecords = 0;
  readonly #folder: string;
  readonly #chance: Chance;

  constructor(folder: string, seed: number) {
    this.#folder = folder;
    this.#chance = new Chance(seed, "million");
  }

  /** Files are read by path, and each from its beginning to its end. */
  inOrder(): ExpectedDeadLetter[] {
    return this.deadLetters.sort((one, other) =>
      one.stream === other.stream ? one.offset - other.offset : one.stream < other.stream ? -1 : 1,
    );
  }

  addLines(malformed: number): void {
    const stream = join(this.#folder, "lines.ndjson");
    const file = openSync(stream, "w");
    // The first line tells the format.
    let pieces: Buffer[] = [Buffer.from(`${this.#good()}\n`)];
    let offset = 0;
    let filled = pieces[0]?.length ?? 0;
    const flush = (): void => {
      writeSync(file, Buffer.concat(pieces));
      offset += filled;
      pieces = [];
      filled = 0;
    };
    for (let left = malformed; left > 0;) {
      const isGood = this.#chance.happens(1 / 3);
      const { bytes, reason } = isGood
        ? { bytes: Buffer.from(this.#good()), reason: undefined }
        : malformedLine(this.#chance);
      if (reason !== undefined) {
        this.deadLetters.push({ stream, offset: offset + filled, reason });
        left--;
      }
      const end = Buffer.from(this.#chance.pick(["\n", "\n", "\r\n", "\n\n", "\n \t\n"]));
      pieces.push(bytes, end);
      filled += bytes.length + end.length;
      if (filled >= pieceBytes) flush();
    }
    flush();
    closeSync(file);
  }

  /** Objects with an array of records, and objects without. */
  addEnvelopes(malformed: number): void {
    const stream = join(this.#folder, "envelopes.json");
    const parts = [`{"Records":[${this.#good()}]}\n`];
    let offset = Buffer.byteLength(parts[0] ?? "");
    for (let count = 0; count < malformed; count++) {
      const isText = this.#chance.happens(0.3);
      const reason = isText ? "invalid-json" : "no-envelope";
      this.deadLetters.push({ stream, offset, reason });
      const broken = isText
        ? "neither\n"
        : this.#chance.pick(['{"Other":[1]}', "{}", '{"Records":{"a":[]}}', '{"a":"Records"}']);
      const part = `${broken}\n{"more":[1],"Records":[${this.#good()} , ${this.#good()}]}\n`;
      parts.push(part);
      offset += Buffer.byteLength(part);
    }
    writeFileSync(stream, parts.join(""));
  }

  /** A file that is cut off, corrupt, or ends too early. */
  addBroken(number: number): void {
    if (number % 3 === 0) {
      const { whole, end } = this.#compressed();
      // All of the first member is there, and of another one only its beginning.
      const bytes = Buffer.concat([whole, whole.subarray(0, 8 + this.#chance.below(2))]);
      this.#addFile(`cut-${number}`, bytes, { offset: end, reason: "truncated-input" });
    } else if (number % 3 === 1) {
      const { whole, end } = this.#compressed();
      const bytes = Buffer.concat([whole, Buffer.from("neither")]);
      this.#addFile(`corrupt-${number}`, bytes, { offset: end, reason: "corrupt-input" });
    } else {
      const start = Buffer.from(`[${this.#good()}, `);
      const bytes = Buffer.concat([start, Buffer.from('{"eventName": [')]);
      this.#addFile(`array-${number}`, bytes, { offset: start.length, reason: "truncated-input" });
    }
  }

  #compressed(): { readonly whole: Buffer; readonly end: number } {
    const lines = Array.from({ length: 3 }, () => `${this.#good()}\n`).join("");
    const compress = this.#chance.happens(0.5) ? gzipSync : zstdCompressSync;
    return { whole: compress(lines), end: Buffer.byteLength(lines) };
  }

  #addFile(name: string, bytes: Buffer, deadLetter: Omit<ExpectedDeadLetter, "stream">): void {
    const stream = join(this.#folder, name);
    writeFileSync(stream, bytes);
    this.deadLetters.push({ stream, ...deadLetter });
  }

  #good(): string {
    return goodRecord(this.goodRecords++);
  }
}
