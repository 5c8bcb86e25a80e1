import type { StateStore } from "../../src/state/store.ts";
import type { Model } from "../model/model.ts";
import { positionOf } from "../model/model.ts";
import type { PlacedRecord } from "../record-bytes.ts";
import { expectSame, Violation } from "./violation.ts";

/** A file of lines on the disk. */
export interface OutputFile {
  readonly path: string;
  /** What was in it before the first run. */
  readonly before: string;
  readonly read: () => Buffer;
}

export interface OutputFiles {
  readonly alertsFile: OutputFile;
  readonly deadLettersFile: OutputFile;
}

/** The part of the output files that the state knows of: exactly the lines that there must be, in order. */
export async function checkOutput(model: Model, store: StateStore, files: OutputFiles): Promise<void> {
  const { alertsFile, deadLettersFile } = files;
  const alerts = await committedLines(store, alertsFile);
  expectSame("the alerts file", model.announced, alerts);
  const deadLetters = await committedLines(store, deadLettersFile);
  const { recordBytesMax } = model.limits;
  const expected = model.deadLetters.map((record) => deadLetterOf(record, recordBytesMax));
  // What a person reads is not compared.
  const actual = deadLetters.map((letter) => Object.assign(letter, { message: "", preview: "" }));
  expectSame("the dead letters", expected, actual);
}

async function committedLines(
  store: StateStore,
  file: OutputFile,
): Promise<readonly Record<string, unknown>[]> {
  const entry = await store.readEntry("output-file", file.path);
  const text = file.read().toString();
  // Before the first commit nothing of it is ours.
  if (entry === undefined) {
    if (text.startsWith(file.before)) return [];
    throw new Violation(`${file.path} has lost what was in it`);
  }
  const bytes = Number(entry["bytes"]);
  const committed = file.read().subarray(0, bytes).toString();
  if (Buffer.byteLength(committed) !== bytes)
    throw new Violation(`${file.path} is shorter than it was committed`);
  if (!committed.startsWith(file.before)) throw new Violation(`${file.path} has lost what was in it`);
  const lines = committed.slice(file.before.length).split("\n");
  if (lines.pop() !== "") throw new Violation(`${file.path} was committed in the middle of a line`);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function deadLetterOf(record: PlacedRecord, recordBytesMax: number): Record<string, unknown> {
  const { content, bytes, fault } = record;
  const { source, stream, offset } = positionOf(record);
  return {
    source,
    stream,
    offset,
    message: "",
    preview: "",
    reason: content.kind === "bad" ? content.reason : "",
    bytesTotal: fault?.bytesTotal ?? bytes.length,
    bytes: bytes.subarray(0, recordBytesMax).toString("base64"),
  };
}
