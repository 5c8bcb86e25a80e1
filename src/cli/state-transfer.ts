import { createReadStream, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { messageOf, StakeoutError } from "../core/errors.ts";
import { decodeItem, encodeItem } from "../state/item-codec.ts";
import type { Item, StateStore } from "../state/store.ts";
import { writeText, type CommandIo } from "./io.ts";
import { replaceFile } from "./replace-file.ts";
import { allItems, commit } from "./state.ts";
import { withState } from "./with-state.ts";

export interface StateExportOptions {
  readonly state: string;
  /** `-` for standard output. */
  readonly file: string;
  readonly prefix: string;
}

export interface StateImportOptions {
  readonly state: string;
  /** `-` for standard input. */
  readonly file: string;
}

/** Text is written in pieces of about this many characters. */
const pieceLength = 64 * 1024;

/** Problems named at once; a file that is no export at all has one in every line. */
const problemsMax = 10;

/** Longest line that is read; an item at every limit, each character of it escaped, is shorter. */
const lineLengthMax = 128 * 1024 * 1024;

/** Commit an import in parts of about this size, so that its memory is bounded. */
const batchBytes = 32 * 1024 * 1024;

/** Writes every item as a line of JSON. A file is there as a whole or, when it fails, as it was before. Answers 0. */
export async function exportStateCommand(options: StateExportOptions, io: CommandIo): Promise<number> {
  const { state, file, prefix } = options;
  return withState(state, { readOnly: true }, async (store) => {
    if (file === "-") {
      for await (const piece of pieces(store, prefix)) await writeText(io.stdout, piece);
      return 0;
    }
    await replaceFile(file, pieces(store, prefix));
    return 0;
  });
}

/**
 * Reads items from lines of JSON and puts them as they are. Everything is checked before anything is changed; killed in
 * between, some keys are imported, and the same command again completes it. Answers 0; throws `STATE_IMPORT_INVALID`.
 */
export async function importStateCommand(options: StateImportOptions, io: CommandIo): Promise<number> {
  const { state, file } = options;
  return withLines(file, io, async (lines) => {
    await checkLines(lines, file);
    const count = await withState(state, { readOnly: false, create: true }, (store) =>
      putItems(store, lines),
    );
    io.stderr.write(`Imported ${count} key${count === 1 ? "" : "s"} into ${state}.\n`);
    return 0;
  });
}

async function putItems(store: StateStore, lines: Lines): Promise<number> {
  let count = 0;
  for await (const item of itemsOf(lines)) {
    await store.putItem(item);
    count++;
    if (store.pendingBytes > batchBytes) await commit(store);
  }
  await commit(store);
  return count;
}

async function* pieces(store: StateStore, prefix: string): AsyncGenerator<string> {
  let piece = "";
  for await (const item of allItems(store, prefix)) {
    piece += `${encodeItem(item)}\n`;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

/** Calls `use` with a function that starts reading from the first line each time it is called. */
async function withLines<T>(
  file: string,
  { stdin }: CommandIo,
  use: (lines: Lines) => Promise<T>,
): Promise<T> {
  if (file !== "-") return await use(() => readLines(createReadStream(file), file));
  // What comes through a pipe can be read once only, and may be more than fits into memory.
  const folder = mkdtempSync(join(tmpdir(), "stakeout-import-"));
  try {
    const copy = join(folder, "items.jsonl");
    try {
      await pipeline(stdin, createWriteStream(copy, { mode: 0o600 }));
    } catch (error) {
      throw unreadable("standard input", error);
    }
    return await use(() => readLines(createReadStream(copy), "standard input"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Lines = () => AsyncIterable<string>;

async function* readLines(input: Readable, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  try {
    // Not node:readline: it also ends lines at U+2028, which JSON texts may hold.
    for await (const chunk of input as AsyncIterable<Buffer>) {
      const [first = "", ...more] = decoder.decode(chunk, { stream: true }).split("\n");
      rest += first;
      if (rest.length > lineLengthMax) throw new Error(`a line has more than ${lineLengthMax} characters`);
      for (const line of more) {
        yield rest;
        rest = line;
      }
    }
    yield rest + decoder.decode();
  } catch (error) {
    throw unreadable(name, error);
  }
}

function unreadable(name: string, error: unknown): StakeoutError {
  return new StakeoutError("INPUT_UNREADABLE", `Cannot read ${name}: ${messageOf(error)}`, { cause: error });
}

async function* itemsOf(lines: Lines): AsyncGenerator<Item> {
  for await (const line of lines()) {
    if (line.trim() !== "") yield decodeItem(line);
  }
}

async function checkLines(lines: Lines, file: string): Promise<void> {
  const problems: string[] = [];
  let line = 0;
  for await (const text of lines()) {
    line++;
    if (text.trim() === "") continue;
    try {
      decodeItem(text);
    } catch (error) {
      if (problems.length === problemsMax) {
        problems.push("and more");
        break;
      }
      problems.push(`line ${line}: ${messageOf(error)}`);
    }
  }
  if (problems.length === 0) return;
  throw new StakeoutError(
    "STATE_IMPORT_INVALID",
    `Nothing was imported; ${file} is not what state export writes.\n  ${problems.join("\n  ")}`,
    { fields: { file } },
  );
}
