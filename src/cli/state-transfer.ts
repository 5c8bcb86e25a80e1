import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";

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
  const lines = await linesOf(file, io);
  await checkLines(lines, file);
  return withState(state, { readOnly: false, create: true }, async (store) => {
    let count = 0;
    for await (const item of itemsOf(lines)) {
      await store.putItem(item);
      count++;
      if (store.pendingBytes > batchBytes) await commit(store);
    }
    await commit(store);
    io.stderr.write(`Imported ${count} key${count === 1 ? "" : "s"} into ${state}.\n`);
    return 0;
  });
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

/** Starts reading from the first line each time it is called. */
type Lines = () => AsyncIterable<string> | Iterable<string>;

async function linesOf(file: string, { stdin }: CommandIo): Promise<Lines> {
  if (file !== "-") return () => readLines(createReadStream(file), file);
  // What comes through a pipe can be read once only.
  const lines: string[] = [];
  for await (const line of readLines(stdin, "standard input")) lines.push(line);
  return () => lines;
}

async function* readLines(input: Readable, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  try {
    // Not node:readline: it also ends lines at U+2028, which JSON texts may hold.
    for await (const chunk of input as AsyncIterable<Buffer>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
    yield rest + decoder.decode();
  } catch (error) {
    throw new StakeoutError("INPUT_UNREADABLE", `Cannot read ${name}: ${messageOf(error)}`, { cause: error });
  }
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
