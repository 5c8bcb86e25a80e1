import { mkdtempSync, rmSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import type { Alert } from "../../src/core/alert.ts";
import type { FileOpener } from "../../src/destinations/committed-file.ts";

export function alert(overrides: Partial<Alert> = {}): Alert {
  return {
    id: "0123456789abcdef0123456789abcdef",
    status: "open",
    ruleId: "Test.Rule",
    ruleName: "Test.Rule",
    title: "Something happened",
    severity: "medium",
    dedup: "alice",
    logType: "Test.Log",
    description: "",
    reference: "",
    runbook: "",
    tags: [],
    reports: {},
    destinations: null,
    threshold: 1,
    matchCount: 1,
    firstEventTime: "2026-01-01T00:00:00.000Z",
    lastEventTime: "2026-01-01T00:00:00.000Z",
    windowStart: "2026-01-01T00:00:00.000Z",
    windowEnd: "2026-01-01T01:00:00.000Z",
    createdAt: "2026-01-01T00:00:00.000Z",
    context: {},
    summary: {},
    events: [{ n: 1 }],
    eventsOmitted: 0,
    position: { source: "test", stream: "s", offset: 0 },
    ...overrides,
  };
}

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
