import { existsSync, writeFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

import type { FileOpener } from "../../src/destinations/committed-file.ts";
import type { Life, Machine } from "./machine.ts";
import { tear } from "./tear.ts";

const sectorBytes = 64;

interface DiskFile {
  /** What the last sync made durable. */
  durable: Buffer;
  current: Buffer;
}

/**
 * The disk beneath output files, in memory. Files are in the file system as well, but empty: their names have to be
 * found there.
 */
export class OutputDisk {
  readonly #machine: Machine;
  readonly #files = new Map<string, DiskFile>();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** A file that was there before. */
  put(path: string, text: string): void {
    const content = Buffer.from(text);
    this.#files.set(path, { durable: content, current: content });
    writeFileSync(path, "");
  }

  read(path: string): Buffer {
    return this.#files.get(path)?.current ?? Buffer.alloc(0);
  }

  powerFails(): void {
    for (const file of this.#files.values()) {
      file.current = tear({ ...file, sectorBytes }, this.#machine.chance);
      file.durable = file.current;
    }
  }

  /** What `createCommittedFile` opens files with, for one life. */
  opener(life: Life): FileOpener {
    return async (path) =>
      await life.perform("open", {
        mayFail: true,
        run: () => {
          let file = this.#files.get(path);
          if (file === undefined || !existsSync(path)) {
            file = { durable: Buffer.alloc(0), current: Buffer.alloc(0) };
            this.#files.set(path, file);
            writeFileSync(path, "");
          }
          return this.#handle(life, file);
        },
      });
  }

  /** Only what a committed file calls. */
  #handle(life: Life, file: DiskFile): FileHandle {
    const handle: Pick<FileHandle, "close" | "stat" | "truncate" | "datasync" | "read" | "write"> = {
      close: async () => await life.perform("close", { run: () => undefined }),
      stat: (async () => ({ size: file.current.length })) as unknown as FileHandle["stat"],
      read: (async (buffer: Buffer, ...[offset, length, position]: [number, number, number]) => ({
        buffer,
        bytesRead: file.current.copy(buffer, offset, position, position + length),
      })) as unknown as FileHandle["read"],
      truncate: async (length = 0) =>
        await life.perform("truncate", {
          mayFail: true,
          run: () => void (file.current = file.current.subarray(0, length)),
        }),
      datasync: async () =>
        await life.perform("sync", { mayFail: true, run: () => void (file.durable = file.current) }),
      write: (async (bytes: Buffer, options: WriteOptions) =>
        await this.#write(life, file, { bytes, ...options })) as FileHandle["write"],
    };
    return handle as FileHandle;
  }

  async #write(life: Life, file: DiskFile, write: Write): Promise<{ readonly bytesWritten: number }> {
    const { bytes, offset, position } = write;
    // A system may take less than it is given.
    const most = bytes.length - offset;
    const length = this.#machine.chance.happens(0.1) ? this.#machine.chance.between(1, most) : most;
    const put = (count: number): { readonly bytesWritten: number } => {
      const end = position + count;
      const current = Buffer.alloc(Math.max(file.current.length, end));
      file.current.copy(current);
      bytes.copy(current, position, offset, offset + count);
      file.current = current;
      return { bytesWritten: count };
    };
    return await life.perform("write", {
      mayFail: true,
      run: () => put(length),
      half: () => void put(length >> 1),
    });
  }
}

interface WriteOptions {
  readonly offset: number;
  readonly position: number;
}

interface Write extends WriteOptions {
  readonly bytes: Buffer;
}
