import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { isThenable, type MaybePromise } from "../../core/json.ts";
import type { RecordChunk } from "../../core/record.ts";
import { InputFile } from "../files/file.ts";
import { defaultEnvelopeField } from "../records/format.ts";
import { RecordWindow, type WindowOptions } from "../records/window.ts";
import { Copies, CopyProbe, type Origin } from "./copies.ts";
import type { FollowedFile } from "./followed-file.ts";
import type { Handles } from "./handles.ts";
import { lookThrough, PackedReading } from "./packed-reading.ts";
import { markOf, tailBytesMax, toStored } from "./position.ts";
import {
  emptyChunk,
  endOfLines,
  formatOf,
  GrowingInput,
  isContinued,
  isReplaced,
  publish,
  readerOf,
  type RecordShape,
} from "./reading.ts";
import type { Registry } from "./registry.ts";

export interface TurnsOptions extends WindowOptions {
  /** Id of the source. */
  readonly source: string;
  readonly shape: RecordShape;
  readonly registry: Registry;
  readonly handles: Handles;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  /** Called when a file is not where it was, so that everything must be looked at. */
  readonly onLost: () => void;
  /** Called when a compressed file was looked through. */
  readonly onChecked: (file: FollowedFile) => void;
}

/** Reads one chunk of one file at a time. */
export class Turns {
  readonly #options: TurnsOptions;
  /** Each plain file begins anew with every turn, where its last record ended. */
  readonly #window: RecordWindow;
  readonly #packedWindow: RecordWindow;
  readonly #copies: Copies;
  #packed: PackedReading | undefined;
  #closed = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#window = new RecordWindow(options);
    this.#packedWindow = new RecordWindow(options);
    this.#copies = new Copies(options.registry, options.clock);
  }

  /** The compressed file that is being read; no other is begun before its end. */
  get packedFile(): FollowedFile | undefined {
    return this.#packed?.file;
  }

  /** The file's next records, if there are any. What goes wrong is told, and tried again after the next look at all files. */
  take(file: FollowedFile): MaybePromise<RecordChunk | undefined> {
    if (file.postponed) return undefined;
    const { handles, onLost } = this.#options;
    const opening = handles.open(file);
    if (opening.kind === "open") return this.#guarded(file, opening.descriptor);
    file.postponed = true;
    if (opening.kind === "gone") onLost();
    else this.#tell(file, opening.why);
    return undefined;
  }

  /** Called after each look at all files. */
  forget(): void {
    this.#copies.forget();
  }

  close(): void {
    this.#closed = true;
    this.#packed?.close();
  }

  #guarded(file: FollowedFile, descriptor: number): MaybePromise<RecordChunk | undefined> {
    try {
      const chunk = this.#read(file, descriptor);
      if (!isThenable(chunk)) {
        file.trouble = "";
        return chunk;
      }
      return chunk.then(undefined, (error: unknown) => this.#failed(file, error));
    } catch (error) {
      return this.#failed(file, error);
    }
  }

  #failed(file: FollowedFile, error: unknown): undefined {
    if (this.#closed) return;
    file.postponed = true;
    this.#endPacked(file);
    this.#options.handles.close(file);
    this.#tell(file, messageOf(error));
  }

  #tell(file: FollowedFile, why: string): void {
    if (why !== file.trouble) this.#options.warn(`cannot read ${file.path} now, and will try again: ${why}`);
    file.trouble = why;
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #read(file: FollowedFile, descriptor: number): MaybePromise<RecordChunk | undefined> {
    if (this.#packed?.file === file) return this.#readPacked(this.#packed, descriptor);
    this.#options.registry.refresh(file);
    const opened = new InputFile(file.path, descriptor);
    if (!isContinued(file, opened)) {
      this.#replaced(file);
      return undefined;
    }
    if (opened.head.length > file.head.bytes) file.head = markOf(opened.head);
    file.compressed = (file.at ?? opened).compression !== "none";
    if (!file.compressed) return this.#readPlain(file, opened, descriptor);
    if (this.#packed === undefined && file.isDue(this.#nowMs()))
      return this.#beginPacked(file, opened, descriptor);
    return undefined;
  }

  /** The content of a file is another one. Where nobody looks for files, another content is another file. */
  #replaced(file: FollowedFile): void {
    const { registry, warn } = this.#options;
    const { unreadBytes } = file;
    if (!file.present) {
      file.endTaken = true;
      registry.letGo(file);
      return;
    }
    if (unreadBytes > 0) {
      warn(`${file.path} was replaced or truncated; up to ${unreadBytes} bytes of it were not read`);
    }
    file.startOver(this.#nowMs());
  }

  #readPlain(file: FollowedFile, opened: InputFile, descriptor: number): RecordChunk | undefined {
    const { shape } = this.#options;
    if (this.#mayBeCopy(file)) {
      const origin = this.#judge(file, this.#copies.originsOf(file, opened), opened);
      if (origin !== undefined) return this.#continue(file, origin, opened);
      if (file.postponed) return undefined;
    }
    file.format = formatOf(file, opened.head, shape);
    if (file.passToBytes > 0 && file.format === "lines") return this.#passOver(file, opened);
    const isPassing = file.passToBytes > 0;
    const isFinal = !isPassing && !file.endTaken && file.isFinal(this.#nowMs());
    const from = file.at?.cursor.offset ?? 0;
    const to = isPassing ? Math.min(opened.size, file.passToBytes) : opened.size;
    const input = new GrowingInput(opened, { from, to, isFinal });
    const chunk = readerOf(input, file, { shape, window: this.#window }).next();
    if (isThenable(chunk)) throw new Error("a plain file is read without waiting");
    // What was read may be of another content then: the next turn begins with finding out.
    if (isReplaced(opened, descriptor)) return undefined;
    if (chunk !== undefined) return this.#publish(file, chunk);
    file.doneBytes = file.format === undefined ? from : this.#window.offsetAtEnd;
    file.heldAtBytes = opened.size;
    file.unread = isPassing && opened.size > to;
    file.endTaken ||= isFinal;
    return this.#passed(file);
  }

  #publish(file: FollowedFile, chunk: RecordChunk): RecordChunk | undefined {
    const { source, registry } = this.#options;
    const packed = this.#packed?.file === file ? this.#packed : undefined;
    const published = publish(file, chunk, {
      source,
      stream: registry.slots.streamOf(file),
      compression: packed?.opened.compression ?? "none",
      input: packed?.input,
    });
    return file.passToBytes > 0 ? undefined : published;
  }

  /** Goes to the last line end at once. */
  #passOver(file: FollowedFile, opened: InputFile): RecordChunk | undefined {
    const offset = endOfLines(opened, file.passToBytes);
    const from = Math.max(0, offset - tailBytesMax);
    const tail = Buffer.alloc(offset - from);
    opened.read(tail, from);
    const envelopeField = this.#options.shape.envelopeField ?? defaultEnvelopeField;
    const cursor = {
      offset,
      format: "lines",
      envelopeField,
      inside: false,
      atEnd: false,
      failed: false,
    } as const;
    const { size, mtimeMs } = file;
    file.at = { cursor, storedBytes: offset, size, mtimeMs, compression: "none", tail: markOf(tail) };
    file.doneBytes = offset;
    return this.#passed(file);
  }

  /** Where a file is passed over, its place is told without a record. */
  #passed(file: FollowedFile): RecordChunk | undefined {
    const { passToBytes, at } = file;
    file.passToBytes = 0;
    if (passToBytes === 0 || at === undefined) return undefined;
    const { source, registry } = this.#options;
    const stream = registry.slots.streamOf(file);
    return emptyChunk(source, stream, toStored(file.positionAt(at)));
  }

  #mayBeCopy(file: FollowedFile): boolean {
    return !file.vetted && file.at === undefined && file.passToBytes === 0 && !this.#copies.isAlone(file);
  }

  /** Of which file this one is a copy. One that may yet turn out to be a copy is put off. */
  #judge(file: FollowedFile, origins: readonly Origin[], opened: InputFile): Origin | undefined {
    if (file.vetted || file.at !== undefined) return undefined;
    const size = file.compressed === true ? Number.POSITIVE_INFINITY : opened.size;
    const verdict = this.#copies.judge(file, origins, size);
    file.postponed = verdict === "wait";
    file.vetted = verdict !== "wait";
    return typeof verdict === "object" ? verdict : undefined;
  }

  /** Reads on in a copy, and tells so even when there is nothing more in it. */
  #continue(file: FollowedFile, { content }: Origin, { compression }: InputFile): RecordChunk {
    const { source, registry } = this.#options;
    file.continueFrom(content, compression);
    const stream = registry.slots.streamOf(file);
    return emptyChunk(source, stream, toStored(file.positionAt(file.at ?? content.at)));
  }

  #beginPacked(
    file: FollowedFile,
    opened: InputFile,
    descriptor: number,
  ): MaybePromise<RecordChunk | undefined> {
    const { shape, handles } = this.#options;
    handles.pin(file);
    if (file.check === "none" && (!file.isSettled(this.#nowMs()) || this.#mayBeCopy(file))) {
      file.check = "under way";
      void this.#check(file, opened);
      return undefined;
    }
    const origin = this.#judge(file, file.origins, opened);
    if (origin !== undefined) return this.#continue(file, origin, opened);
    if (file.postponed) return undefined;
    this.#packed = new PackedReading(file, opened, { shape, window: this.#packedWindow });
    return this.#readPacked(this.#packed, descriptor);
  }

  /** Looks through a compressed file while others are read. */
  async #check(file: FollowedFile, opened: InputFile): Promise<void> {
    const { changes } = file;
    const probe = new CopyProbe(this.#copies, file);
    const onContent = this.#mayBeCopy(file) ? (piece: Buffer) => probe.feed(piece) : () => {};
    let isWhole: boolean | undefined;
    try {
      isWhole = await lookThrough(opened, { isClosed: () => this.#closed, onContent });
    } catch (error) {
      this.#failed(file, error);
    }
    this.#options.handles.unpin(file);
    if (this.#closed) return;
    file.check = "none";
    if (isWhole !== undefined && file.changes === changes) {
      file.check = isWhole ? "whole" : "cut off";
      file.origins = isWhole ? probe.finish() : [];
    }
    this.#options.onChecked(file);
  }

  async #readPacked(packed: PackedReading, descriptor: number): Promise<RecordChunk | undefined> {
    const { file, opened } = packed;
    const chunk = await packed.next();
    if (this.#closed) return undefined;
    if (isReplaced(opened, descriptor)) {
      this.#endPacked(file);
      return undefined;
    }
    if (chunk !== undefined) return this.#publish(file, chunk);
    this.#endPacked(file);
    file.doneBytes = opened.size;
    file.unread = file.size !== opened.size;
    file.endTaken ||= !file.unread;
    return this.#passed(file);
  }

  #endPacked(file: FollowedFile): void {
    this.#options.handles.unpin(file);
    if (this.#packed?.file !== file) return;
    this.#packed.close();
    this.#packed = undefined;
  }
}
