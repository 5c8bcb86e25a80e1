import { readdirSync } from "node:fs";
import { join } from "node:path";

/*
 * A stream is cut into segments: files of frames, back to back, that are deleted once the lane has committed what lies in them.
 * All that is known of a segment besides its frames is in its name, which cannot be half written:
 *
 *   BEGAN-OFFSET-SEQUENCE.seg
 *
 * the time when the stream began, the offset of the file's first byte and the number of records before it.
 */
export interface SegmentName {
  /** Wall clock. Names the stream: a spool that is begun anew must not repeat positions of the one before it. */
  readonly streamBeganMs: number;
  /** Offset in the stream of the file's first byte. */
  readonly base: number;
  /** Records of the stream before this segment. */
  readonly sequence: number;
}

type Ending = "seg" | "keys";

const digits = 16;

/** Of folders with segments: `.` and `..` are names of sources as well. */
const folderPrefix = "source-";

/** The folder of one source's segments. */
export function folderOf(folder: string, source: string): string {
  return join(folder, folderPrefix + encodeURIComponent(source));
}

/** Folders of sources that are none of these. Throws what `fs` throws. */
export function otherFolders(folder: string, sources: readonly string[]): string[] {
  const own = new Set(sources.map((source) => folderOf(folder, source)));
  const found = readdirSync(folder).filter((name) => name.startsWith(folderPrefix));
  return found.map((name) => join(folder, name)).filter((path) => !own.has(path));
}

/** The file with the frames of a segment, or the one with its keys. */
export function pathOf(folder: string, name: SegmentName, ending: Ending): string {
  const numbers = [name.streamBeganMs, name.base, name.sequence];
  return join(folder, `${numbers.map((number) => String(number).padStart(digits, "0")).join("-")}.${ending}`);
}

/** Files of the newest stream in a folder, ascending. A segment ends where the next one begins. Throws what `fs` throws. */
export function listNames(folder: string, ending: Ending): SegmentName[] {
  const names: SegmentName[] = [];
  for (const file of readdirSync(folder)) {
    const match = /^(\d{16})-(\d{16})-(\d{16})\.(seg|keys)$/.exec(file);
    if (match === null || match[4] !== ending) continue;
    names.push({ streamBeganMs: Number(match[1]), base: Number(match[2]), sequence: Number(match[3]) });
  }
  names.sort((left, right) => left.streamBeganMs - right.streamBeganMs || left.base - right.base);
  const newest = names.at(-1)?.streamBeganMs;
  return names.filter(({ streamBeganMs }) => streamBeganMs === newest);
}

/** What positions call a stream. */
export function streamName({ streamBeganMs }: Pick<SegmentName, "streamBeganMs">): string {
  return `spool:${new Date(streamBeganMs).toISOString()}`;
}
