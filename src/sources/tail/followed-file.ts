import type { Format } from "../records/format.ts";
import type { PlacedFile } from "./places.ts";
import type { Origin } from "./copies.ts";
import { type Content, type Mark, noMark, type Place, type TailPosition } from "./position.ts";

/** How long a compressed file must have been as it is before it is looked at, in milliseconds. */
const quietMs = 2000;

/**
 * How long a file must have been as it is until what looks unfinished is taken as it is: a compressed file or an array
 * that has no proper end, and the last line of a file that was rotated away or removed. In milliseconds.
 */
export const settleMs = 60_000;

const lineEndBytesMax = 2;

/** Bytes of an unfinished record that are read again without much thought whenever it grows. */
const heldBytesMax = 1024 * 1024;

/** One file, known by its numbers, wherever it stands. */
export class FollowedFile {
  path: string;
  device: string;
  readonly inode: string;
  /** The number of its stream; none before its first record. */
  slot: number | undefined;
  base = 0;
  /** How far it is read; `undefined`: nothing yet. */
  at: Place | undefined;
  head: Mark = noMark;
  size = 0;
  /** The largest size of this content that was seen. */
  sizeMax = 0;
  mtimeMs = -1;
  /** How often it was seen to change. */
  changes = 0;
  /** When it was seen to change last, on the monotonic clock. */
  changedMs = 0;
  /** When it was seen to leave its path, on the monotonic clock. */
  movedMs: number = Number.NEGATIVE_INFINITY;
  moved = false;
  /** True while it stands where files are looked for. */
  present = true;
  /** True when it may hold something that was not looked at. */
  unread = true;
  /** True when its end, as it is now, was taken as the end of its last record. */
  endTaken = false;
  /** Of a compressed file: what looking through it has shown. */
  check: "none" | "under way" | "whole" | "cut off" = "none";
  /** True when it is not read before the next look at all files. */
  postponed = false;
  /** Why it could not be read the last time; empty when it could. */
  trouble = "";
  compressed: boolean | undefined;
  format: Format | undefined;
  /** Stored bytes from the beginning that are done with; a record that has not ended is not. */
  doneBytes = 0;
  /** Size at which reading came to an unfinished record that holds more bytes than should be read often. */
  heldAtBytes = 0;
  /** Read only after this one, which stood at the same path before. */
  earlier: FollowedFile | undefined;
  /** When it was seen first, on the monotonic clock. */
  seenMs = 0;
  /** True when it is known to be no copy of another file. */
  vetted = false;
  /** Of a compressed file that was looked through: of which files it may be a copy. */
  origins: readonly Origin[] = [];
  /** The content that was replaced last, and when, on the monotonic clock. */
  former: Content | undefined;
  formerMs = 0;
  /** Size up to which it is passed over instead of read. */
  passToBytes = 0;

  constructor({ path, device, inode }: Pick<PlacedFile, "path" | "device" | "inode">) {
    this.path = path;
    this.device = device;
    this.inode = inode;
  }

  /** A file as a stored position describes it. */
  static restored(slot: number, position: TailPosition): FollowedFile {
    const { path, device, inode, base, moved, head, ...place } = position;
    const file = new FollowedFile({ path, device, inode });
    file.slot = slot;
    file.base = base;
    file.moved = moved;
    file.head = head;
    file.at = place;
    file.compressed = place.compression !== "none";
    file.format = place.cursor.format;
    file.doneBytes = place.storedBytes;
    file.size = place.size;
    file.sizeMax = place.size;
    file.mtimeMs = place.mtimeMs;
    file.present = false;
    file.unread = !place.cursor.atEnd;
    file.endTaken = place.cursor.atEnd;
    return file;
  }

  get key(): string {
    return keyOf(this);
  }

  get pendingBytes(): number {
    return Math.max(0, this.size - this.doneBytes);
  }

  /** What is lost when its content goes now. The end of its last line is no loss. */
  get unreadBytes(): number {
    const bytes = this.sizeMax - this.doneBytes;
    return this.endTaken || bytes <= lineEndBytesMax ? 0 : bytes;
  }

  positionAt(place: Place): TailPosition {
    const { path, device, inode, base, moved, head } = this;
    return { path, device, inode, base, moved, head, ...place };
  }

  /** Takes note of how large it is and when it was changed. */
  touch(seen: { readonly size: number; readonly mtimeMs: number }, nowMs: number): void {
    if (seen.size === this.size && seen.mtimeMs === this.mtimeMs) return;
    // Compressed content that was damaged may have been repaired without growing.
    if (seen.size !== this.size || this.at?.cursor.failed === true) this.endTaken = false;
    this.size = seen.size;
    this.mtimeMs = seen.mtimeMs;
    this.sizeMax = Math.max(this.sizeMax, seen.size);
    this.changedMs = nowMs;
    this.unread = true;
    this.changes++;
    if (this.check !== "under way") this.check = "none";
  }

  /** It stands somewhere else now, or nowhere. */
  leavePath(nowMs: number): void {
    this.moved = true;
    this.movedMs = nowMs;
  }

  /** Its content was replaced: begins anew, behind what was read in its stream. */
  startOver(nowMs: number): void {
    if (this.at !== undefined) {
      this.base += this.at.cursor.offset;
      this.former = { at: this.at, head: this.head };
      this.formerMs = nowMs;
    }
    this.vetted = true;
    this.at = undefined;
    this.head = noMark;
    this.moved = !this.present;
    this.unread = true;
    this.endTaken = false;
    this.changes++;
    if (this.check !== "under way") this.check = "none";
    this.compressed = undefined;
    this.format = undefined;
    this.doneBytes = 0;
    this.sizeMax = this.size;
    this.heldAtBytes = 0;
    this.passToBytes = 0;
  }

  /** It holds what was read of another file: goes on from there. */
  continueFrom({ at, head }: Content, compression: Place["compression"]): void {
    const { size, mtimeMs } = this;
    const cursor = { ...at.cursor, atEnd: false, failed: false };
    const isPlain = compression === "none";
    const others = isPlain ? { storedBytes: cursor.offset, tail: at.tail } : { storedBytes: 0, tail: noMark };
    this.at = { cursor, size, mtimeMs, compression, ...others };
    this.doneBytes = others.storedBytes;
    if (isPlain) this.head = head;
    this.moved = true;
  }

  isSettled(nowMs: number): boolean {
    return nowMs - Math.max(this.changedMs, this.movedMs) >= settleMs;
  }

  /** Whether its end, as it is, ends its last record. A line goes on until its newline, unless nobody writes to it any more. */
  isFinal(nowMs: number): boolean {
    const endsByItself = this.format !== undefined && this.format !== "lines";
    return (endsByItself || this.moved) && this.isSettled(nowMs);
  }

  /** Whether looking into it may bring something now. */
  isDue(nowMs: number): boolean {
    if (this.postponed) return false;
    if (this.compressed === true) return this.unread && !this.endTaken && this.#isReadable(nowMs);
    if (this.unread && !this.#isHeld(nowMs)) return true;
    if (this.endTaken || !this.isFinal(nowMs)) return false;
    return this.format !== "lines" || this.pendingBytes > 0;
  }

  #isReadable(nowMs: number): boolean {
    if (this.check === "under way") return false;
    return this.isSettled(nowMs) || (this.check !== "cut off" && nowMs - this.changedMs >= quietMs);
  }

  /** A long record that grows little by little is read again only when it has grown by a good part, or waits. */
  #isHeld(nowMs: number): boolean {
    const heldBytes = this.heldAtBytes - this.doneBytes;
    const grownBytes = this.size - this.heldAtBytes;
    if (heldBytes <= heldBytesMax || grownBytes < 0) return false;
    return grownBytes < heldBytes / 4 && nowMs - this.changedMs < quietMs;
  }
}

export function keyOf({ device, inode }: { readonly device: string; readonly inode: string }): string {
  return `${device}:${inode}`;
}
