import { constants } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { lockSpool } from "./lock.ts";

/** What the writer does to files. Tests put something between that fails, or forgets what was not synced. */
export interface SpoolFiles {
  /** Keeps other processes from writing to a spool. Answers what gives it back. Throws `SPOOL_UNWRITABLE`. */
  lock(folder: string): () => void;
  /** Creates a file, or empties the one there is. */
  create(path: string): Promise<SpoolFile>;
  /** Opens a file that is there for writing. */
  open(path: string): Promise<SpoolFile>;
  rename(from: string, to: string): Promise<void>;
  /** A file that is not there is no error. */
  remove(path: string): Promise<void>;
  /** Makes names that were created, changed or removed in a folder durable. */
  syncFolder(path: string): Promise<void>;
}

export interface SpoolFile {
  /** Writes at a position; answers the bytes that the system took, which may be fewer. */
  write(buffers: readonly Buffer[], position: number): Promise<number>;
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

export const systemFiles: SpoolFiles = {
  lock: lockSpool,
  create: (path) => openFile(path, constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY),
  open: (path) => openFile(path, constants.O_WRONLY),
  rename,
  remove: (path) => rm(path, { force: true }),
  async syncFolder(path) {
    const folder = await open(path, constants.O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};

/** Only the owner may read what is stored: events are confidential. */
const ownerOnly = 0o600;

async function openFile(path: string, flags: number): Promise<SpoolFile> {
  const handle = await open(path, flags, ownerOnly);
  return {
    write: async (buffers, position) => (await handle.writev(buffers, position)).bytesWritten,
    // The length is synced with the data, as it is needed to read it; times are not.
    sync: () => handle.datasync(),
    truncate: (bytes) => handle.truncate(bytes),
    close: () => handle.close(),
  };
}

/** Writes all of it, however little the system takes at a time. */
export async function writeAll(file: SpoolFile, buffers: readonly Buffer[], position: number): Promise<void> {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    const written = await file.write(rest, at);
    if (written === 0) throw new Error("the system takes no more bytes");
    at += written;
    rest = without(rest, written);
  }
}

function without(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
  let left = bytes;
  for (const [index, buffer] of buffers.entries()) {
    if (left < buffer.length) return [buffer.subarray(left), ...buffers.slice(index + 1)];
    left -= buffer.length;
  }
  return [];
}
