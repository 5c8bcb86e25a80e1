import { z } from "zod";

import { StakeoutError } from "../../../core/errors.ts";

/** A hash with the name that `node:crypto` and indexes both give its algorithm. */
export interface Digest {
  readonly algorithm: string;
  readonly hex: string;
}

/** One file that an index offers for a package. */
export interface ProjectFile {
  readonly file: string;
  /** Absolute. */
  readonly url: string;
  readonly digest: Digest | undefined;
  /** Versions of Python it works with, such as `>=3.9`; `""` where the index does not say. */
  readonly requiresPython: string;
  /** Taken back by its author: only for those who name exactly this version. */
  readonly yanked: boolean;
  /** Its METADATA is at its address with `.metadata` behind it. */
  readonly metadata: { readonly digest: Digest | undefined } | undefined;
}

export interface IndexPage {
  readonly text: string;
  readonly contentType: string;
  /** Where it came from; relative addresses in it start here. */
  readonly url: string;
}

/** Both forms of page are welcome, JSON the most. */
export const acceptedPages =
  "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/** The files that a page lists, as JSON (PEP 691) or HTML (PEP 503). Throws `PACKAGE_INDEX_UNREACHABLE` for anything else. */
export function parseIndexPage(page: IndexPage): readonly ProjectFile[] {
  if (/^application\/(?:vnd\.pypi\.simple\.v\d+\+)?json\b/.test(page.contentType)) return parseJsonPage(page);
  if (/^(?:text\/html|application\/vnd\.pypi\.simple\.v1\+html)\b/.test(page.contentType)) {
    return parseHtmlPage(page);
  }
  throw notAnIndex(page, `it answers ${page.contentType || "something without a type"}`);
}

const metadataSchema = z.union([z.boolean(), z.record(z.string(), z.string())]).optional();

const pageSchema = z.object({
  meta: z.object({ "api-version": z.string().regex(/^1\./) }),
  files: z.array(
    z.object({
      filename: z.string(),
      url: z.string(),
      hashes: z.record(z.string(), z.string()),
      "requires-python": z.string().nullish(),
      yanked: z.union([z.boolean(), z.string()]).optional(),
      "core-metadata": metadataSchema,
      "dist-info-metadata": metadataSchema,
    }),
  ),
});

function parseJsonPage(page: IndexPage): readonly ProjectFile[] {
  let content: unknown;
  try {
    content = JSON.parse(page.text);
  } catch (error) {
    throw notAnIndex(page, "its JSON cannot be read", error);
  }
  const parsed = pageSchema.safeParse(content);
  if (!parsed.success) throw notAnIndex(page, "its JSON is not of the Simple API, version 1", parsed.error);
  return parsed.data.files.flatMap((entry) => {
    const url = absolute(entry.url, page.url);
    if (url === undefined) return [];
    const metadata = entry["core-metadata"] ?? entry["dist-info-metadata"] ?? false;
    return {
      file: entry.filename,
      url,
      digest: strongest(entry.hashes),
      requiresPython: entry["requires-python"] ?? "",
      // Text is the reason for it, and empty text is no reason but a yank all the same.
      yanked: entry.yanked !== undefined && entry.yanked !== false,
      metadata:
        metadata === false ? undefined : { digest: metadata === true ? undefined : strongest(metadata) },
    };
  });
}

// Bounded, so that a page with an unclosed quote is not read over and over.
const anchorPattern = /<a\b(?<attributes>(?:[^>"']|"[^"]*"|'[^']*'){0,4096})>(?<text>[^<]{0,1024})<\/a\s*>/gi;
const attributePattern =
  /(?<name>[\w-]+)(?:\s*=\s*(?:"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<bare>[^\s"'>]+)))?/g;

function parseHtmlPage(page: IndexPage): readonly ProjectFile[] {
  const base = /<base\b(?<attributes>[^>]{0,4096})>/i.exec(page.text)?.groups?.["attributes"] ?? "";
  const start = absolute(readAttributes(base).get("href") ?? "", page.url) ?? page.url;
  return [...page.text.matchAll(anchorPattern)].flatMap(({ groups = {} }) => {
    const attributes = readAttributes(groups["attributes"] ?? "");
    const url = absolute(attributes.get("href") ?? "", start);
    if (url === undefined) return [];
    const metadata = attributes.get("data-core-metadata") ?? attributes.get("data-dist-info-metadata");
    return {
      file: decodeEntities(groups["text"] ?? "").trim(),
      url: url.replace(/#.*$/s, ""),
      digest: digestFromText(new URL(url).hash.slice(1)),
      requiresPython: attributes.get("data-requires-python") ?? "",
      yanked: attributes.has("data-yanked"),
      metadata: metadata === undefined ? undefined : { digest: digestFromText(metadata) },
    };
  });
}

function readAttributes(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(attributePattern)].map(({ groups = {} }) => {
      const { name = "", double, single, bare } = groups;
      return [name.toLowerCase(), decodeEntities(double ?? single ?? bare ?? "")];
    }),
  );
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(#x[\da-f]{1,6}|#\d{1,7}|\w{1,16});/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return entities[name.toLowerCase()] ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });
}

/** `undefined` for what is not http or https. */
function absolute(url: string, base: string): string | undefined {
  const parsed = URL.parse(url, base);
  return parsed?.protocol === "http:" || parsed?.protocol === "https:" ? parsed.href : undefined;
}

const hexLengths: Readonly<Record<string, number>> = {
  sha256: 64,
  sha512: 128,
  sha384: 96,
  sha1: 40,
  md5: 32,
};

/** The first of the algorithms above that is given; sha256 because the lock has it. */
function strongest(hashes: Readonly<Record<string, string>>): Digest | undefined {
  return Object.keys(hexLengths)
    .map((algorithm) => digestFromText(`${algorithm}=${hashes[algorithm] ?? ""}`))
    .find((digest) => digest !== undefined);
}

/** `sha256=…`; `undefined` for anything else. */
function digestFromText(text: string): Digest | undefined {
  const [algorithm = "", hex = ""] = text.toLowerCase().split("=");
  return hex.length === hexLengths[algorithm] && /^[\da-f]+$/.test(hex) ? { algorithm, hex } : undefined;
}

function notAnIndex({ url }: IndexPage, why: string, cause?: unknown): StakeoutError {
  return new StakeoutError(
    "PACKAGE_INDEX_UNREACHABLE",
    `${url} is not a page of a package index: ${why}. Check --index-url; most indexes end in /simple.`,
    { cause, fields: { url } },
  );
}
