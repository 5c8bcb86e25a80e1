import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { messageOf, StakeoutError } from "../../../core/errors.ts";
import type { HttpAnswer, HttpClient } from "./http.ts";
import type { Digest } from "./index-page.ts";
import { packageLimits } from "./limits.ts";

/** A wheel to have. */
export interface WantedWheel {
  /** A name that `parseWheelName` reads, so that it stays in the folder. */
  readonly file: string;
  readonly url: string;
  /** `undefined` where nobody has said what it must be. */
  readonly digest: Digest | undefined;
}

export interface StoredWheel {
  readonly sha256: string;
  readonly size: number;
  /** False when it was there already. */
  readonly fetched: boolean;
}

/** Called while a wheel is fetched. `total` is 0 when the server does not say. */
export type FetchProgress = (progress: {
  readonly file: string;
  readonly bytes: number;
  readonly total: number;
}) => void;

export interface WheelFolderOptions {
  readonly rulesFolder: string;
  readonly http: HttpClient;
  readonly onProgress?: FetchProgress | undefined;
}

const unfinishedEnd = ".unfinished";

/** Where the wheels of a rules folder are. */
export function wheelPath(rulesFolder: string, file: string): string {
  return join(rulesFolder, ".stakeout", "python", file);
}

/** The wheels of a rules folder: each is there as a whole, with the hash that was wanted, or not at all. */
export class WheelFolder {
  readonly #options: WheelFolderOptions;
  readonly #stored = new Map<string, StoredWheel>();

  constructor(options: WheelFolderOptions) {
    this.#options = options;
  }

  path(file: string): string {
    return wheelPath(this.#options.rulesFolder, file);
  }

  /**
   * Fetches a wheel unless it is there with its hash. Throws `PACKAGE_CHANGED` when the hash is another,
   * `PACKAGE_NOT_FOUND` when it is gone, and what fetching throws.
   */
  async store(wheel: WantedWheel): Promise<StoredWheel> {
    const known = this.#stored.get(wheel.file);
    if (known !== undefined) return known;
    const stored = (await this.#present(wheel)) ?? (await this.#fetch(wheel));
    this.#stored.set(wheel.file, stored);
    return stored;
  }

  async read(file: string): Promise<Uint8Array> {
    return readFile(this.path(file));
  }

  /** Removes wheels that nothing asks for, and what an interrupted command left. */
  async prune(keep: ReadonlySet<string>): Promise<void> {
    const files = await readdir(this.path("")).catch(() => []);
    for (const file of files) {
      if (keep.has(file) || !(file.endsWith(".whl") || file.endsWith(unfinishedEnd))) continue;
      await rm(this.path(file), { force: true });
    }
  }

  async #present({ file, digest }: WantedWheel): Promise<StoredWheel | undefined> {
    if (digest === undefined) return undefined;
    const bytes = await readFile(this.path(file)).catch(() => undefined);
    if (bytes === undefined || hashOf(bytes, digest.algorithm) !== digest.hex) return undefined;
    return { sha256: hashOf(bytes, "sha256"), size: bytes.length, fetched: false };
  }

  async #fetch(wheel: WantedWheel): Promise<StoredWheel> {
    const request = { url: wheel.url, bytesMax: packageLimits.wheelBytesMax };
    const stored = await this.#options.http.fetch(request, (answer) => this.#write(wheel, answer));
    if (stored !== undefined) return stored;
    throw new StakeoutError(
      "PACKAGE_NOT_FOUND",
      `${wheel.file} is no longer at ${wheel.url}. Add the package again to choose another version.`,
      { fields: { file: wheel.file, url: wheel.url } },
    );
  }

  async #write(wheel: WantedWheel, answer: HttpAnswer): Promise<StoredWheel> {
    const unfinished = `${this.path(wheel.file)}.${process.pid}${unfinishedEnd}`;
    try {
      await attempt(unfinished, () => mkdir(this.path(""), { recursive: true }));
      const { hex, sha256, size } = await this.#receive(unfinished, { wheel, answer });
      if (wheel.digest !== undefined && hex !== wheel.digest.hex) throw changed(wheel, wheel.digest, hex);
      await attempt(unfinished, () => rename(unfinished, this.path(wheel.file)));
      return { sha256, size, fetched: true };
    } finally {
      await rm(unfinished, { force: true }).catch(() => {});
    }
  }

  async #receive(path: string, { wheel, answer }: Receipt): Promise<Received> {
    const sha256 = createHash("sha256");
    const wanted = createHash(wheel.digest?.algorithm ?? "sha256");
    let size = 0;
    await using handle = await attempt(path, () => open(path, "w"));
    for await (const chunk of answer.chunks) {
      await attempt(path, () => handle.writeFile(chunk));
      sha256.update(chunk);
      wanted.update(chunk);
      size += chunk.length;
      this.#options.onProgress?.({ file: wheel.file, bytes: size, total: answer.length ?? 0 });
    }
    await attempt(path, () => handle.sync());
    return { sha256: sha256.digest("hex"), hex: wanted.digest("hex"), size };
  }
}

interface Receipt {
  readonly wheel: WantedWheel;
  readonly answer: HttpAnswer;
}

interface Received {
  readonly sha256: string;
  /** By the algorithm that was wanted. */
  readonly hex: string;
  readonly size: number;
}

export function hashOf(bytes: Uint8Array, algorithm: string): string {
  return createHash(algorithm).update(bytes).digest("hex");
}

function changed({ file, url }: WantedWheel, digest: Digest, hex: string): StakeoutError {
  return new StakeoutError(
    "PACKAGE_CHANGED",
    `${file} is not what it should be: its ${digest.algorithm} is ${hex}, and ${digest.hex} was expected (from ${url}). ` +
      "Nothing was stored. Find out who changed it before you use it.",
    { fields: { file, expected: digest.hex, actual: hex } },
  );
}

async function attempt<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw new StakeoutError("OUTPUT_UNWRITABLE", `Cannot write ${path}: ${messageOf(error)}`, {
      cause: error,
      fields: { file: path },
    });
  }
}
