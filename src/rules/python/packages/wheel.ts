import { unzipSync } from "fflate";

import { messageOf, StakeoutError } from "../../../core/errors.ts";
import { packageLimits } from "./limits.ts";

/**
 * The files of a wheel by their path below Python's `site-packages`, with `/` between folders. Nothing is written.
 * Scripts and headers are left out. Throws `PACKAGE_UNUSABLE` for a file that is not a wheel, whose names lead out of
 * the folder, or that is larger than the limits.
 */
export function readWheel(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  return unpack(bytes, () => true);
}

/** The text of the METADATA file of a wheel. Throws `PACKAGE_UNUSABLE`. */
export function readWheelMetadata(bytes: Uint8Array): string {
  const [metadata] = unpack(bytes, (name) => /^[^/]+\.dist-info\/METADATA$/.test(name)).values();
  if (metadata === undefined) throw unusable("it has no METADATA");
  return new TextDecoder().decode(metadata);
}

function unpack(bytes: Uint8Array, wanted: (name: string) => boolean): ReadonlyMap<string, Uint8Array> {
  const check = entryCheck(bytes.length);
  try {
    const entries = unzipSync(bytes, {
      filter: (entry) => {
        check(entry);
        return !entry.name.endsWith("/") && wanted(entry.name);
      },
    });
    return new Map(
      Object.entries(entries).flatMap(([name, content]) => {
        const installed = installedName(name);
        return installed === undefined ? [] : [[installed, content]];
      }),
    );
  } catch (error) {
    throw error instanceof StakeoutError ? error : unusable(`it cannot be unpacked: ${messageOf(error)}`);
  }
}

/** `NAME.data/purelib/` is another way to write the top folder; scripts and headers have no place here. */
function installedName(name: string): string | undefined {
  const data = /^[^/]+\.data\/(?<kind>[^/]+)\/(?<rest>.*)$/s.exec(name)?.groups;
  if (data === undefined) return name;
  return data["kind"] === "purelib" || data["kind"] === "platlib" ? data["rest"] : undefined;
}

interface ZipEntry {
  readonly name: string;
  /** Bytes in the archive. */
  readonly size: number;
  /** Bytes unpacked, as the archive claims; the unpacker writes no more than that. */
  readonly originalSize: number;
}

/** Called for each entry before it is unpacked. */
function entryCheck(wheelBytes: number): (entry: ZipEntry) => void {
  const { wheelEntriesMax, wheelUnpackedBytesMax } = packageLimits;
  const names = new Set<string>();
  let packedBytes = 0;
  let unpackedBytes = 0;
  return ({ name, size, originalSize }) => {
    if (isUnsafe(name)) throw unusable(`the name ${JSON.stringify(name)} in it leads elsewhere`);
    if (names.has(name)) throw unusable(`${name} is in it twice`);
    names.add(name);
    packedBytes += size;
    unpackedBytes += Math.max(size, originalSize);
    if (names.size > wheelEntriesMax) throw unusable(`it has more than ${wheelEntriesMax} files`);
    if (packedBytes > wheelBytes) throw unusable("files in it overlap");
    if (unpackedBytes > wheelUnpackedBytesMax) {
      throw unusable(`it unpacks to more than ${wheelUnpackedBytesMax} bytes`);
    }
  };
}

function isUnsafe(name: string): boolean {
  const parts = name.replace(/\/$/, "").split("/");
  return (
    name.includes("\\") ||
    name.includes("\0") ||
    /^[A-Za-z]:/.test(name) ||
    name === "__proto__" ||
    parts.some((part) => part === "" || part === "." || part === "..")
  );
}

function unusable(why: string): StakeoutError {
  return new StakeoutError("PACKAGE_UNUSABLE", `The wheel cannot be used: ${why}.`);
}
