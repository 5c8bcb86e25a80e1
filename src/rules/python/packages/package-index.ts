import { StakeoutError } from "../../../core/errors.ts";
import type { HttpAnswer, HttpClient } from "./http.ts";
import { acceptedPages, parseIndexPage, type ProjectFile } from "./index-page.ts";
import { packageLimits } from "./limits.ts";
import { parseMetadata, type WheelMetadata } from "./metadata.ts";
import { hashOf, type WheelFolder } from "./wheel-folder.ts";
import { readWheelMetadata } from "./wheel.ts";

export interface PackageIndexOptions {
  /** Ends in `/`. */
  readonly url: string;
  readonly http: HttpClient;
  /** Where wheels go whose metadata the index does not offer by itself. */
  readonly wheels: WheelFolder;
}

/** A package index, asked once for each thing. */
export class PackageIndex {
  readonly #options: PackageIndexOptions;
  readonly #files = new Map<string, readonly ProjectFile[]>();
  readonly #metadata = new Map<string, WheelMetadata>();

  constructor(options: PackageIndexOptions) {
    this.#options = options;
  }

  /** The files of a package by its normalized name; none when the index does not know it. */
  async files(name: string): Promise<readonly ProjectFile[]> {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const { url, http } = this.#options;
    const request = {
      url: `${url}${name}/`,
      accept: acceptedPages,
      bytesMax: packageLimits.indexBytesMax,
    };
    const files =
      (await http.fetch(request, async (answer) =>
        parseIndexPage({ text: new TextDecoder().decode(await collect(answer)), ...answer }),
      )) ?? [];
    this.#files.set(name, files);
    return files;
  }

  /** What a wheel needs: from the index where it says so, else out of the wheel. */
  async metadata(wheel: ProjectFile): Promise<WheelMetadata> {
    const known = this.#metadata.get(wheel.file);
    if (known !== undefined) return known;
    const metadata = parseMetadata(
      (await this.#offeredMetadata(wheel)) ?? (await this.#wheelMetadata(wheel)),
      wheel.file,
    );
    this.#metadata.set(wheel.file, metadata);
    return metadata;
  }

  async #offeredMetadata({ file, url, metadata }: ProjectFile): Promise<string | undefined> {
    if (metadata === undefined) return undefined;
    const address = new URL(url);
    address.pathname += ".metadata";
    const request = { url: address.href, bytesMax: packageLimits.metadataBytesMax };
    const bytes = await this.#options.http.fetch(request, collect);
    const { digest } = metadata;
    if (bytes !== undefined && digest !== undefined && hashOf(bytes, digest.algorithm) !== digest.hex) {
      throw new StakeoutError(
        "PACKAGE_CHANGED",
        `The metadata of ${file} is not what the index says: its ${digest.algorithm} differs (${address.href}).`,
        { fields: { file, url: address.href } },
      );
    }
    return bytes && new TextDecoder().decode(bytes);
  }

  async #wheelMetadata(wheel: ProjectFile): Promise<string> {
    await this.#options.wheels.store(wheel);
    return readWheelMetadata(await this.#options.wheels.read(wheel.file));
  }
}

async function collect({ chunks }: HttpAnswer): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}
