import {
  type Compression,
  DecompressionError,
  Decompressor,
  detectCompression,
  magicBytesMax,
} from "../../sources/records/decompress.ts";
import { bytesOf } from "./pieces.ts";
import type { Holding } from "./held-bytes.ts";
import { Refusal } from "./refusal.ts";

/** Each part of a compressed body costs about as much as a small request, and an empty one takes only some bytes. */
const partsMax = 1000;

const partMagics: Readonly<Record<Exclude<Compression, "none">, readonly Buffer[]>> = {
  gzip: [Buffer.from([0x1f, 0x8b, 0x08])],
  // A frame, and what all sixteen kinds of skippable frames have in common.
  zstd: [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.from([0x2a, 0x4d, 0x18])],
};

/** How a body is packed, by its `Content-Encoding`; `undefined` where the header is left out. */
export function encodingOf(header: string | undefined): Compression | undefined | Refusal {
  switch (header?.trim().toLowerCase()) {
    case undefined:
    case "":
      return undefined;
    case "identity":
      return "none";
    case "gzip":
    case "x-gzip":
      return "gzip";
    case "zstd":
      return "zstd";
    default:
      return new Refusal("CONTENT_ENCODING_UNSUPPORTED", "Content-Encoding may be gzip, zstd or identity", {
        headers: { "accept-encoding": "gzip, zstd" },
      });
  }
}

export interface ContentOptions {
  readonly encoding: Compression | undefined;
  readonly contentBytesMax: number;
  /** Holds the body; holds the content instead afterwards. */
  readonly holding: Holding;
}

/** What a body says once it is unpacked, in pieces. */
export async function contentOf(
  pieces: readonly Buffer[],
  options: ContentOptions,
): Promise<readonly Buffer[] | Refusal> {
  const bytes = bytesOf(pieces);
  // As many bytes as are looked at, even where each came by itself.
  const head = Buffer.concat(pieces.slice(0, magicBytesMax).map((piece) => piece.subarray(0, magicBytesMax)));
  const detected = detectCompression(head);
  const compression = options.encoding ?? detected;
  if (compression === "none" || bytes === 0)
    return bytes > options.contentBytesMax ? contentTooLong(options) : pieces;
  if (detected !== compression) {
    const message = `the body is not ${compression}, as Content-Encoding says it is`;
    return new Refusal("COMPRESSION_CORRUPT", message);
  }
  const body = Buffer.concat(pieces, bytes);
  if (hasManyParts(body, compression)) {
    return new Refusal("COMPRESSION_CORRUPT", `the compressed body has more than ${partsMax} parts`);
  }
  const content = await decompress(body, compression, options);
  options.holding.give(bytes);
  return content;
}

function contentTooLong({ contentBytesMax }: ContentOptions): Refusal {
  return new Refusal(
    "CONTENT_TOO_LONG",
    `the body unpacks to more than ${contentBytesMax} bytes; send fewer events at a time, or raise contentBytesMax`,
  );
}

async function decompress(
  body: Buffer,
  compression: Exclude<Compression, "none">,
  options: ContentOptions,
): Promise<readonly Buffer[] | Refusal> {
  let next: Buffer | undefined = body;
  const decompressor = new Decompressor(compression, () => {
    const block = next;
    next = undefined;
    return block;
  });
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for (let piece = await decompressor.read(); piece !== undefined; piece = await decompressor.read()) {
      bytes += piece.length;
      if (bytes > options.contentBytesMax) return contentTooLong(options);
      const refusal = options.holding.take(piece.length);
      if (refusal !== undefined) return refusal;
      pieces.push(piece);
    }
  } catch (error) {
    if (!(error instanceof DecompressionError)) throw error;
    return new Refusal("COMPRESSION_CORRUPT", error.failure.message);
  } finally {
    decompressor.close();
  }
  return pieces;
}

function hasManyParts(body: Buffer, compression: Exclude<Compression, "none">): boolean {
  let parts = 0;
  for (const magic of partMagics[compression]) {
    for (let at = body.indexOf(magic); at >= 0; at = body.indexOf(magic, at + magic.length)) {
      parts++;
      if (parts > partsMax) return true;
    }
  }
  return false;
}
