import { dirname } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { hashOf } from "../files/file-position.ts";
import { headBytesMax, type InputFile } from "../files/file.ts";
import { type FollowedFile, settleMs } from "./followed-file.ts";
import { beginsWith, type Content, tailBytesMax } from "./position.ts";
import { bytesBefore } from "./reading.ts";
import type { Registry } from "./registry.ts";

/** Bytes that must have been read of a file before another one can be taken for a copy of it. */
const copyBytesMin = 256;

/** A file whose content another one may hold, and how far that is read. */
export interface Origin {
  readonly file: FollowedFile;
  readonly content: Content;
}

type ByHash = Map<string, Origin[]>;
type Index = Map<string, Map<number, ByHash>>;

/**
 * Recognises copies that rotation makes: a file is copied and then truncated, or compressed and then removed. A new file
 * that begins with all that was read of another one in its folder is such a copy if that other one has lost its content
 * by then, or loses it within a minute; otherwise it is a file like any other.
 */
export class Copies {
  readonly #registry: Registry;
  readonly #clock: Clock;
  /** By folder and number of first bytes: what may have copies, by the hash of these bytes. */
  #index: Index | undefined;

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
  }

  /** Called when files may have come or gone. */
  forget(): void {
    this.#index = undefined;
  }

  /** True when nothing that is new in the file's folder can be a copy. */
  isAlone(file: FollowedFile): boolean {
    return !this.#folders().has(dirname(file.path));
  }

  /** Those that begin as this content does; longer ones first. */
  beginningLike(file: FollowedFile, head: Buffer): readonly Origin[] {
    const byLength = this.#folders().get(dirname(file.path)) ?? new Map<number, ByHash>();
    const origins: Origin[] = [];
    for (const [bytes, byHash] of byLength) {
      if (head.length >= bytes) origins.push(...(byHash.get(hashOf(head.subarray(0, bytes))) ?? []));
    }
    return origins
      .filter((origin) => origin.file !== file)
      .toSorted((one, other) => other.content.at.cursor.offset - one.content.at.cursor.offset);
  }

  /** Those of which a plain file may be a copy; one that is still being made counts as well. */
  originsOf(file: FollowedFile, opened: InputFile): readonly Origin[] {
    return this.beginningLike(file, opened.head).filter(({ content: { at } }) => {
      const isShort = opened.size < at.cursor.offset;
      return isShort || beginsWith(bytesBefore(opened, at), at.tail);
    });
  }

  /** What to do with a file that may be a copy. */
  judge(file: FollowedFile, origins: readonly Origin[], size: number): Origin | "wait" | "none" {
    const lost = origins.find((origin) => this.#hasLost(origin) && origin.content.at.cursor.offset <= size);
    if (lost !== undefined) return lost;
    return origins.length > 0 && this.#clock.monotonicMs() - file.seenMs < settleMs ? "wait" : "none";
  }

  /** True when a file does not hold the content any more. */
  #hasLost({ file, content }: Origin): boolean {
    return content === file.former || !file.present;
  }

  #folders(): Index {
    if (this.#index !== undefined) return this.#index;
    const index: Index = new Map();
    const nowMs = this.#clock.monotonicMs();
    for (const file of [...this.#registry.files, ...this.#registry.slots.gone]) {
      const { former, at, head } = file;
      if (former !== undefined && nowMs - file.formerMs < settleMs) enter(index, { file, content: former });
      // What has been gone for long was not copied just now. Of what went between two runs nobody knows when.
      const isRecent = file.movedMs === Number.NEGATIVE_INFINITY || nowMs - file.movedMs < 2 * settleMs;
      if (at !== undefined && (file.present || isRecent)) enter(index, { file, content: { at, head } });
    }
    this.#index = index;
    return index;
  }
}

function enter(index: Index, origin: Origin): void {
  const { at, head } = origin.content;
  if (at.compression !== "none" || at.tail.bytes === 0 || at.cursor.offset < copyBytesMin) return;
  const folder = dirname(origin.file.path);
  const byLength = index.get(folder) ?? new Map<number, ByHash>();
  index.set(folder, byLength);
  const byHash: ByHash = byLength.get(head.bytes) ?? new Map<string, Origin[]>();
  byLength.set(head.bytes, byHash);
  byHash.set(head.hash, [...(byHash.get(head.hash) ?? []), origin]);
}

/** Compares the content of a compressed file, given piece by piece, with that of files of which it may be a copy. */
export class CopyProbe {
  readonly #copies: Copies;
  readonly #file: FollowedFile;
  /** The first bytes, until there are enough to compare; then the last ones before the next piece. */
  #kept: Buffer = Buffer.alloc(0);
  #producedBytes = 0;
  #candidates: readonly Origin[] | undefined;
  #origins: Origin[] = [];

  constructor(copies: Copies, file: FollowedFile) {
    this.#copies = copies;
    this.#file = file;
  }

  feed(piece: Buffer): void {
    if (this.#candidates?.length === 0) return;
    const content = Buffer.concat([this.#kept, piece]);
    this.#producedBytes += piece.length;
    this.#kept = content;
    if (this.#candidates === undefined && content.length < headBytesMax) return;
    this.#compare(content);
    this.#kept = content.subarray(-tailBytesMax);
  }

  /** Of which files all that was read stands here. */
  finish(): readonly Origin[] {
    if (this.#candidates === undefined) this.#compare(this.#kept);
    return this.#origins;
  }

  #compare(content: Buffer): void {
    this.#candidates ??= this.#copies.beginningLike(this.#file, content.subarray(0, headBytesMax));
    const start = this.#producedBytes - content.length;
    for (const origin of this.#candidates) {
      const { cursor, tail } = origin.content.at;
      const end = cursor.offset - start;
      if (end < tail.bytes || end > content.length || this.#origins.includes(origin)) continue;
      if (beginsWith(content.subarray(end - tail.bytes, end), tail)) this.#origins.push(origin);
    }
  }
}
