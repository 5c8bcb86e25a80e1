import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { arch, platform, version as nodeVersion } from "node:process";
import { threadId } from "node:worker_threads";

import { readPackageFile } from "./lockdown-realm.ts";

/** A file that keeps the memory of a started interpreter. */
export interface SnapshotFile {
  /** `undefined` where there is none, or one that is damaged or was made of something else. */
  read(): Uint8Array | undefined;
  /** Replaces the file at once or not at all. A folder that cannot be written to is no error: the next start is slow. */
  write(memory: Uint8Array): void;
}

const magic = "stakeout-python-snapshot-1";
const hashLength = 32;

/**
 * The snapshot in a folder for this version of Pyodide, Node and platform. `inputs` is everything besides those that
 * decides what the memory holds.
 */
export function openSnapshotFile(folder: string, inputs: readonly string[]): SnapshotFile {
  const { version } = JSON.parse(readPackageFile("package.json").toString("utf8")) as { version: string };
  const path = join(folder, `python-${version}-node-${nodeVersion}-${platform}-${arch}.snapshot`);
  const made = headerOf(inputs);
  return {
    read() {
      try {
        return memoryOf(readFileSync(path), made);
      } catch {
        return undefined;
      }
    },
    write(memory) {
      const temporary = `${path}.${process.pid}-${threadId}.tmp`;
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(temporary, Buffer.concat([made, lengthOf(memory), sha256(memory)]), { mode: 0o600 });
        appendFileSync(temporary, memory);
        renameSync(temporary, path);
      } catch {
        if (existsSync(temporary)) rmSync(temporary);
      }
    },
  };
}

/** What a file made of the same inputs begins with. */
function headerOf(inputs: readonly string[]): Buffer {
  const hash = createHash("sha256").update(magic);
  for (const name of ["pyodide.asm.wasm", "python_stdlib.zip"]) hash.update(readPackageFile(name));
  for (const input of inputs) hash.update(`${Buffer.byteLength(input)}\n${input}`);
  return Buffer.concat([Buffer.from(`${magic}\n`), hash.digest()]);
}

function memoryOf(bytes: Buffer, made: Buffer): Uint8Array | undefined {
  const start = made.length + 8 + hashLength;
  if (bytes.length < start || !bytes.subarray(0, made.length).equals(made)) return undefined;
  const memory = bytes.subarray(start);
  const length = bytes.readBigUInt64LE(made.length);
  if (length !== BigInt(memory.length)) return undefined;
  return sha256(memory).equals(bytes.subarray(start - hashLength, start)) ? memory : undefined;
}

function lengthOf(memory: Uint8Array): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(memory.length));
  return bytes;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
