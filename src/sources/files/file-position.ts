import { hash } from "node:crypto";
import { StakeoutError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Compression } from "../records/decompress.ts";
import { formats } from "../records/format.ts";
import type { Cursor } from "../records/reader.ts";
import type { InputFile } from "./file.ts";

/** How far a file has been read, and by what it is recognised as the same one. */
export interface FilePosition {
  readonly cursor: Cursor;
  /** Size and time of change of the file at that time. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly compression: Compression;
  /** Stored bytes consumed by then, for progress. */
  readonly storedBytes: number;
  /** Hash over the first `headBytes` of the file, which may be fewer than are hashed once it has grown. */
  readonly headBytes: number;
  readonly headHash: string;
}

/** The position to store for a place in a file. */
export function toStored(file: InputFile, cursor: Cursor, storedBytes: number): JsonObject {
  const { size, mtimeMs, compression, head } = file;
  const headHash = hashOf(head);
  return { ...cursor, size, mtimeMs, compression, storedBytes, headBytes: head.length, headHash };
}

/** Reads a stored position. Throws `STATE_FILE_UNUSABLE` when it is not one. */
export function fromStored(path: string, stored: JsonObject): FilePosition {
  const fields = new StoredFields(path, stored);
  return {
    cursor: fields.cursor(),
    size: fields.number("size"),
    mtimeMs: fields.number("mtimeMs"),
    compression: fields.compression(),
    storedBytes: fields.number("storedBytes"),
    headBytes: fields.number("headBytes"),
    headHash: fields.string("headHash"),
  };
}

/** True when a file was read to its end and, by size and time of change, is as it was then. */
export function isUnchanged(position: FilePosition, file: { size: number; mtimeMs: number }): boolean {
  return position.cursor.atEnd && position.size === file.size && position.mtimeMs === file.mtimeMs;
}

/** Where reading of an open file begins: at its start, at a place in it, or nowhere as there is nothing new. */
export function resumeAt(position: FilePosition, file: InputFile): "start" | "done" | Cursor {
  const { cursor, headBytes, compression } = position;
  const isSame =
    file.head.length >= headBytes &&
    file.compression === compression &&
    hashOf(file.head.subarray(0, headBytes)) === position.headHash;
  const shrunk = file.size < (compression === "none" ? cursor.offset : position.size);
  if (!isSame || shrunk) return "start";
  return cursor.atEnd && file.size === position.size && !cursor.failed ? "done" : cursor;
}

/** Recognises some bytes of a file. */
export function hashOf(head: Buffer): string {
  return hash("sha256", head, "hex").slice(0, 32);
}

/** Typed access to what a state file holds, which somebody may have written to. */
export class StoredFields {
  readonly #path: string;
  readonly #stored: JsonObject;

  constructor(path: string, stored: JsonObject) {
    this.#path = path;
    this.#stored = stored;
  }

  number(name: string): number {
    const value = this.#stored[name];
    return typeof value === "number" ? value : this.#wrong(name);
  }

  string(name: string): string {
    const value = this.#stored[name];
    return typeof value === "string" ? value : this.#wrong(name);
  }

  boolean(name: string): boolean {
    const value = this.#stored[name];
    return typeof value === "boolean" ? value : this.#wrong(name);
  }

  cursor(): Cursor {
    return {
      offset: this.number("offset"),
      format: this.oneOf("format", formats),
      envelopeField: this.string("envelopeField"),
      inside: this.boolean("inside"),
      atEnd: this.boolean("atEnd"),
      failed: this.boolean("failed"),
    };
  }

  compression(): Compression {
    return this.oneOf("compression", ["none", "gzip", "zstd"]);
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.#stored[name];
    return values.find((candidate) => candidate === value) ?? this.#wrong(name);
  }

  #wrong(name: string): never {
    const message = `the stored position of ${this.#path} has no usable "${name}"; was the state file edited?`;
    throw new StakeoutError("STATE_FILE_UNUSABLE", message, { fields: { path: this.#path } });
  }
}
