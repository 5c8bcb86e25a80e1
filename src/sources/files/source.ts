import { isThenable, type JsonObject, type MaybePromise } from "../../core/json.ts";
import type { Limits } from "../../core/limits.ts";
import type { RecordChunk } from "../../core/record.ts";
import type { Format } from "../records/format.ts";
import { type Cursor, RecordReader } from "../records/reader.ts";
import { RecordWindow } from "../records/window.ts";
import type { PositionReader, Source, SourceProgress } from "../source.ts";
import { type FileInput, openFileInput } from "./file-input.ts";
import { fromStored, isUnchanged, resumeAt, toStored } from "./file-position.ts";
import { InputFile } from "./file.ts";
import { findFiles, type FoundFile } from "./find-files.ts";

const sourceId = "files";

export interface FileSourceOptions {
  /** Files, folders (walked, hidden entries left out) and glob patterns. */
  readonly paths: readonly string[];
  /** How records stand in every file; by default told from each file's first bytes. */
  readonly format?: Format | "auto";
  /** Field of an envelope's array; by default `Records` is recognised where it comes first. */
  readonly envelopeField?: string | undefined;
  readonly limits: Pick<Limits, "recordBytesMax">;
  /** By default `files`. */
  readonly label?: string;
  /** Bytes read at once; by default 128 KiB. */
  readonly bufferBytes?: number;
}

/**
 * Reads files one after another in the order of their paths. A stream is a file's real absolute path, and a file is
 * recognised by its first bytes as well, so one that was replaced is read from its start and one that has grown goes on
 * where it ended. A file in which there was no record has no position, and is opened again in the next run.
 */
export function createFileSource(options: FileSourceOptions): Source {
  return new FileSource(options);
}

/** What came of one step: records, the end, or that another step is due. */
type Step = RecordChunk | undefined | "again";

interface OpenFile {
  readonly file: InputFile;
  readonly input: FileInput;
  readonly reader: RecordReader;
  /** Stored bytes that earlier runs have consumed. */
  readonly doneBytes: number;
}

class FileSource implements Source {
  readonly id = sourceId;
  readonly label: string;
  readonly #options: FileSourceOptions;
  readonly #window: RecordWindow;
  #positionOf: PositionReader = () => undefined;
  #files: FoundFile[] = [];
  #next = 0;
  #current: OpenFile | undefined;
  #closed = false;
  #readBytes = 0;
  #totalBytes = 0;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.label = options.label ?? sourceId;
    const { limits, bufferBytes = 128 * 1024 } = options;
    this.#window = new RecordWindow({ recordBytesMax: limits.recordBytesMax, bufferBytes });
  }

  find(): void {
    this.#files = findFiles(this.#options.paths);
    for (const { size } of this.#files) this.#totalBytes += size;
  }

  open(positionOf: PositionReader): void {
    this.#positionOf = positionOf;
  }

  read(): MaybePromise<RecordChunk | undefined> {
    let step = this.#step();
    while (step === "again") step = this.#step();
    return isThenable(step) ? this.#readLater(step) : step;
  }

  progress(): SourceProgress {
    return { bytesRead: this.#readBytes + this.#currentBytes(), bytesTotal: this.#totalBytes };
  }

  close(): void {
    this.#closed = true;
    this.#finish();
  }

  async #readLater(first: Promise<Step>): Promise<RecordChunk | undefined> {
    let step = await first;
    while (step === "again") step = await this.#step();
    return step;
  }

  /** Opens the next file, or reads from the one that is open. */
  #step(): MaybePromise<Step> {
    if (this.#closed) return undefined;
    if (this.#current === undefined) return this.#openNext();
    const chunk = this.#current.reader.next();
    return isThenable(chunk) ? chunk.then((later) => this.#stepDone(later)) : this.#stepDone(chunk);
  }

  #stepDone(chunk: RecordChunk | undefined): Step {
    if (this.#closed || chunk !== undefined) return this.#closed ? undefined : chunk;
    this.#finish();
    return "again";
  }

  #openNext(): MaybePromise<Step> {
    const found = this.#files[this.#next++];
    if (found === undefined) return undefined;
    const stored = this.#positionOf(found.path);
    return isThenable(stored) ? stored.then((later) => this.#open(found, later)) : this.#open(found, stored);
  }

  /** Opens a file unless there is nothing new in it. */
  #open(found: FoundFile, stored: JsonObject | undefined): Step {
    if (this.#closed) return undefined;
    const position = stored === undefined ? undefined : fromStored(found.path, stored);
    this.#totalBytes -= found.size;
    if (position !== undefined && isUnchanged(position, found)) return "again";
    const file = new InputFile(found.path);
    const resume = position === undefined ? "start" : resumeAt(position, file);
    if (resume === "done") {
      file.close();
      return "again";
    }
    const cursor = resume === "start" ? undefined : resume;
    const doneBytes = cursor === undefined ? 0 : (position?.storedBytes ?? 0);
    this.#totalBytes += file.size - doneBytes;
    this.#current = this.#start(file, cursor, doneBytes);
    return "again";
  }

  #start(file: InputFile, resume: Cursor | undefined, doneBytes: number): OpenFile {
    const input = openFileInput(file, resume?.offset ?? 0);
    const { format, envelopeField } = this.#options;
    const reader = new RecordReader({
      source: sourceId,
      stream: file.path,
      input: input.bytes,
      format: format ?? "auto",
      envelopeField,
      window: this.#window,
      resume,
      positionAt: (cursor) => toStored(file, cursor, input.storedBytes()),
    });
    return { file, input, reader, doneBytes };
  }

  #currentBytes(): number {
    const current = this.#current;
    return current === undefined ? 0 : Math.max(0, current.input.storedBytes() - current.doneBytes);
  }

  #finish(): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#readBytes += this.#currentBytes();
    this.#current = undefined;
    current.input.close();
    current.file.close();
  }
}
