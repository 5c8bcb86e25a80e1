import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { type SpoolFiles, writeAll } from "./files.ts";
import type { StoredKey } from "./frame.ts";
import { pathOf, type SegmentName } from "./segment.ts";

/*
 * The keys of a segment in a file of their own, which outlives the segment: magic 4, then for each key
 *
 *   key 16 · digest 16 · records 4 · wall clock 8
 *
 * and a checksum of all before it.
 */
const magic = Buffer.from("SPK1", "latin1");
const keyBytes = 44;

/** `undefined` for a file that is damaged. Throws what `fs` throws. */
export function readKeyFile(folder: string, name: SegmentName): StoredKey[] | undefined {
  const bytes = readFileSync(pathOf(folder, name, "keys"));
  const end = bytes.length - 4;
  const whole = end >= magic.length && (end - magic.length) % keyBytes === 0;
  if (!whole || bytes.readUInt32LE(end) !== crc32(bytes.subarray(0, end))) return undefined;
  if (!bytes.subarray(0, magic.length).equals(magic)) return undefined;
  const keys: StoredKey[] = [];
  for (let at = magic.length; at < end; at += keyBytes) {
    keys.push({
      key: bytes.toString("latin1", at, at + 16),
      digest: bytes.toString("latin1", at + 16, at + 32),
      records: bytes.readUInt32LE(at + 32),
      storedMs: bytes.readDoubleLE(at + 36),
    });
  }
  return keys;
}

export interface KeyFileContent {
  readonly folder: string;
  readonly name: SegmentName;
  readonly keys: readonly StoredKey[];
}

/** Durable when it returns; killed before, there is no file of that name. Throws what `files` throws. */
export async function writeKeyFile(files: SpoolFiles, { folder, name, keys }: KeyFileContent): Promise<void> {
  const path = pathOf(folder, name, "keys");
  const unfinished = `${path}.new`;
  const file = await files.create(unfinished);
  try {
    await writeAll(file, [encode(keys)], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(unfinished, path);
  await files.syncFolder(folder);
}

function encode(keys: readonly StoredKey[]): Buffer {
  const bytes = Buffer.allocUnsafe(magic.length + keys.length * keyBytes + 4);
  let at = magic.copy(bytes);
  for (const { key, digest, records, storedMs } of keys) {
    bytes.write(key, at, 16, "latin1");
    bytes.write(digest, at + 16, 16, "latin1");
    bytes.writeUInt32LE(records, at + 32);
    bytes.writeDoubleLE(storedMs, at + 36);
    at += keyBytes;
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(0, at)), at);
  return bytes;
}
