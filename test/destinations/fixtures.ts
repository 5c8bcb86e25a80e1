import { mkdtempSync, rmSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import type { FileOpener } from "../../src/destinations/committed-file.ts";

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-destinations-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What a disk does wrong. */
export interface DiskFaults {
  /** Bytes it takes in one write. */
  readonly writeBytesMax?: number;
  /** Bytes it takes in all; then it is full. */
  readonly capacityBytes?: number;
  /** Code with which opening fails. */
  readonly openCode?: string;
  readonly truncateCode?: string;
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: fault of the test`), { code });
}

interface WriteOptions {
  readonly offset: number;
  readonly position?: number;
}

/** Opens real files on a disk with faults. */
export function faultyDisk({
  writeBytesMax = Infinity,
  capacityBytes = Infinity,
  openCode,
  truncateCode,
}: DiskFaults): FileOpener {
  let written = 0;
  return async (path, flags, mode) => {
    if (openCode !== undefined) throw failure(openCode);
    const handle = await open(path, flags, mode);
    const faulty: Pick<FileHandle, "write" | "truncate"> = {
      write: (async (bytes: Buffer, { offset, ...position }: WriteOptions) => {
        const room = Math.min(bytes.length - offset, writeBytesMax, capacityBytes - written);
        if (room <= 0) throw failure("ENOSPC");
        const result = await handle.write(bytes, { offset, length: room, ...position });
        written += result.bytesWritten;
        return result;
      }) as FileHandle["write"],
      truncate: async (length) => {
        if (truncateCode !== undefined) throw failure(truncateCode);
        await handle.truncate(length);
      },
    };
    return new Proxy(handle, {
      get: (target, name) => {
        if (name === "write" || name === "truncate") return faulty[name];
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  };
}
