import { constants } from "node:fs";
import { access, open as openFile, stat, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { messageOf, StakeoutError } from "../core/errors.ts";
import type { CommittedFile, OpenedFile } from "./destination.ts";

/** Opens files; `open` of node:fs/promises unless a test puts a failing disk in between. */
export type FileOpener = (path: string, flags: number, mode: number) => Promise<FileHandle>;

/** Lines are written in pieces of about this many characters, so that a large batch is never one string. */
const pieceLength = 1024 * 1024;

export interface CommittedFileOptions {
  /**
   * When a missing file comes into being: when it is opened (default), so that a path that cannot be written is known
   * before anything is processed, or only when there is a first line to write.
   */
  readonly create?: "when-opened" | "when-needed";
  readonly opener?: FileOpener;
}

/**
 * An output file whose length is part of the commit. It is created for its owner only (mode 0600). Devices and pipes
 * (anything that is not a regular file, and every path below /dev and /proc) cannot be cut: they are written like a
 * stream, and a run that was killed may write the lines of its last batch again.
 */
export function createCommittedFile(path: string, options: CommittedFileOptions = {}): CommittedFile {
  return new LinesFile(resolve(path), options);
}

interface Found {
  readonly committedBytes: number | undefined;
  /** There was no file. */
  readonly missing: boolean;
}

interface OpenState {
  readonly handle: FileHandle;
  /** A device or a pipe, which has no positions. */
  readonly stream: boolean;
}

class LinesFile implements CommittedFile {
  readonly path: string;
  readonly #open: FileOpener;
  readonly #createWhenNeeded: boolean;
  #file: OpenState | undefined;
  #bytes = 0;
  /** Opened, but not there yet. */
  #awaited = false;

  constructor(path: string, options: CommittedFileOptions) {
    this.path = path;
    this.#open = options.opener ?? openFile;
    this.#createWhenNeeded = options.create === "when-needed";
  }

  async open(committedBytes: number | undefined): Promise<OpenedFile> {
    try {
      const kind = await kindOf(this.path);
      if (kind === "stream") {
        const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOCTTY;
        this.#file = { handle: await this.#open(this.path, flags, 0o600), stream: true };
        return { bytes: 0 };
      }
      if (kind === "missing" && this.#createWhenNeeded) {
        await access(dirname(this.path), constants.W_OK);
        this.#awaited = true;
        return { bytes: 0, ...missingWarning(this.path, committedBytes) };
      }
      const handle = await this.#create();
      if (kind === "missing") await this.#keepName();
      return await this.#takeUp(handle, { committedBytes, missing: kind === "missing" });
    } catch (error) {
      await this.close();
      throw this.#unwritable(error);
    }
  }

  async append(lines: readonly string[]): Promise<number> {
    try {
      if (this.#awaited) {
        if (lines.length === 0) return this.#bytes;
        await this.#create();
        await this.#keepName();
        this.#awaited = false;
      }
      const file = this.#file;
      if (file === undefined) throw new Error("it is not open");
      if (!file.stream) await this.#checkLength(file.handle);
      this.#bytes = await this.#write(file, lines);
      return this.#bytes;
    } catch (error) {
      throw this.#unwritable(error);
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.handle.close();
  }

  async #create(): Promise<FileHandle> {
    const handle = await this.#open(this.path, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#file = { handle, stream: false };
    return handle;
  }

  /** Makes the file what the last commit knows of it, as far as that is still there. */
  async #takeUp(handle: FileHandle, found: Found): Promise<OpenedFile> {
    const { committedBytes } = found;
    const { size } = await handle.stat();
    if (committedBytes !== undefined && size >= committedBytes) {
      if (size > committedBytes) await handle.truncate(committedBytes);
      this.#bytes = committedBytes;
      return { bytes: committedBytes };
    }
    this.#bytes = size + (await endLastLine(handle, size));
    if (committedBytes === undefined) return { bytes: this.#bytes };
    if (found.missing) return { bytes: this.#bytes, ...missingWarning(this.path, committedBytes) };
    const what = `has ${size} bytes where earlier runs left ${committedBytes}; it is continued after what is there`;
    return { bytes: this.#bytes, warning: `${this.path} ${what}.` };
  }

  /** A new file's name is in its folder only once the folder is on the disk too. */
  async #keepName(): Promise<void> {
    const folder = await openFile(dirname(this.path), constants.O_RDONLY).catch(() => undefined);
    // Not every file system can do this for folders; the file itself is made durable with each batch.
    await folder?.sync().catch(() => undefined);
    await folder?.close();
  }

  async #checkLength(handle: FileHandle): Promise<void> {
    const { size } = await handle.stat();
    if (size === this.#bytes) return;
    throw new Error(
      `it has ${size} bytes instead of ${this.#bytes}, so another program writes to it. Give each run a file of its own`,
    );
  }

  /** Answers the length after the lines, or leaves the file as it was. */
  async #write(file: OpenState, lines: readonly string[]): Promise<number> {
    let bytes = this.#bytes;
    try {
      for (const piece of pieces(lines)) bytes += await writeAll(file, piece, bytes);
      if (!file.stream) await file.handle.datasync();
      return bytes;
    } catch (error) {
      // Best effort: what this cannot cut off, the next `open` does.
      if (!file.stream) await file.handle.truncate(this.#bytes).catch(() => undefined);
      throw error;
    }
  }

  #unwritable(error: unknown): StakeoutError {
    return new StakeoutError(
      "OUTPUT_UNWRITABLE",
      `Cannot write ${this.path}: ${reasonOf(this.path, error)}.`,
      {
        fields: { file: this.path },
        cause: error,
      },
    );
  }
}

function missingWarning(path: string, committedBytes: number | undefined): { readonly warning?: string } {
  if (committedBytes === undefined || committedBytes === 0) return {};
  return {
    warning: `${path} is missing, and the ${committedBytes} bytes that earlier runs wrote with it; a new file is begun.`,
  };
}

async function kindOf(path: string): Promise<"file" | "stream" | "missing"> {
  // Names for what this process already has open: whatever that is, it is not ours to cut.
  if (/^\/(?:proc|dev\/fd)\/|^\/dev\/std(?:out|err)$/.test(path)) return "stream";
  try {
    const stats = await stat(path);
    // Opening a folder gives the error that a user knows.
    return stats.isFile() || stats.isDirectory() ? "file" : "stream";
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "missing";
    throw error;
  }
}

/** A last line without an end would swallow the first line that is appended. Answers the bytes added. */
async function endLastLine(handle: FileHandle, size: number): Promise<number> {
  if (size === 0) return 0;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer.toString("latin1") === "\n") return 0;
  return await writeAll({ handle, stream: false }, "\n", size);
}

/** Writes the whole text, however little the system takes at a time. Answers its bytes. */
async function writeAll({ handle, stream }: OpenState, text: string, offset: number): Promise<number> {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) {
    const position = stream ? {} : { position: offset + done };
    const { bytesWritten } = await handle.write(bytes, { offset: done, ...position });
    if (bytesWritten === 0) throw new Error("the system takes no more bytes");
    done += bytesWritten;
  }
  return bytes.length;
}

function* pieces(lines: readonly string[]): Generator<string> {
  let piece = "";
  for (const line of lines) {
    piece += line;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function reasonOf(path: string, error: unknown): string {
  switch (codeOf(error)) {
    case "ENOENT":
      return `the folder ${dirname(path)} does not exist; create it first`;
    case "ENOTDIR":
      return `${dirname(path)} is not a folder`;
    case "EISDIR":
      return "it is a folder; name a file in it";
    case "EACCES":
    case "EPERM":
      return "this user has no permission to write it";
    case "EROFS":
      return "it is on a read-only file system";
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full; free some space and run again, which goes on from the last commit";
    default:
      return messageOf(error).replace(/\.$/, "");
  }
}
