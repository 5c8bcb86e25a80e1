import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { strToU8, zipSync } from "fflate";
import { onTestFinished } from "vitest";

import type { PackageOptions } from "../../../../src/rules/python/packages/change.ts";
import type { ProjectFile } from "../../../../src/rules/python/packages/index-page.ts";
import type { Requirement } from "../../../../src/rules/python/packages/requirement.ts";
import { parseRequirement } from "../../../../src/rules/python/packages/requirement.ts";

/** A clock that stands still. */
export const clock: PackageOptions["clock"] = { nowMs: () => Date.UTC(2026, 2, 2, 12), monotonicMs: () => 0 };

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A requirement that must be one. */
export function requirement(text: string): Requirement {
  const parsed = parseRequirement(text);
  if (parsed === undefined) throw new Error(`${text} is no requirement`);
  return parsed;
}

/** A folder that is gone when the test has ended. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-packages-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface WheelParts {
  readonly name?: string;
  readonly version?: string;
  readonly tag?: string;
  readonly requires?: readonly string[];
  readonly extras?: readonly string[];
  readonly requiresPython?: string;
  /** Further files by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

export interface MadeWheel {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly metadata: string;
}

/** A wheel with one module. */
export function makeWheel(parts: WheelParts = {}): MadeWheel {
  const {
    name = "demo",
    version = "1.0",
    tag = "py3-none-any",
    requires = [],
    extras = [],
    files = {},
  } = parts;
  const base = `${name.replaceAll("-", "_")}-${version}`;
  const metadata = [
    "Metadata-Version: 2.1",
    `Name: ${name}`,
    `Version: ${version}`,
    ...(parts.requiresPython === undefined ? [] : [`Requires-Python: ${parts.requiresPython}`]),
    ...extras.map((extra) => `Provides-Extra: ${extra}`),
    ...requires.map((each) => `Requires-Dist: ${each}`),
    "",
    "Requires-Dist: not-a-header; this is the description",
  ].join("\n");
  const content: Record<string, Uint8Array> = {
    [`${base}.dist-info/METADATA`]: strToU8(metadata),
    [`${name.replaceAll("-", "_")}/__init__.py`]: strToU8(`VERSION = "${version}"\n`),
  };
  for (const [path, each] of Object.entries(files)) {
    content[path] = typeof each === "string" ? strToU8(each) : each;
  }
  return { file: `${base}-${tag}.whl`, bytes: zipSync(content), metadata };
}

/** A file of an index, with every field defaulted. */
export function projectFile(file: string, parts: Partial<ProjectFile> = {}): ProjectFile {
  return {
    file,
    url: `http://127.0.0.1/${file}`,
    digest: undefined,
    requiresPython: "",
    yanked: false,
    metadata: undefined,
    ...parts,
  };
}

export interface TestServer {
  /** Without a `/` at the end. */
  readonly origin: string;
  /** The paths that were asked for, in order. */
  readonly asked: string[];
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on the loopback that ends with the test. */
export async function startServer(answer: Answer): Promise<TestServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** How an index offers one wheel. */
export interface OfferedWheel extends WheelParts {
  readonly yanked?: boolean | string;
  /** Offered beside the wheel (PEP 658); default false. */
  readonly metadataOffered?: boolean;
  /** What the index says it is; default the truth, `""`: it does not say. */
  readonly hash?: string;
  /** What the server really sends; default the wheel. */
  readonly sent?: Uint8Array;
}

export interface TestIndex extends TestServer {
  /** The address for `--index-url`. */
  readonly url: string;
}

/** An index with these wheels, as JSON with relative addresses, or as HTML. */
export async function startIndex(
  offered: readonly OfferedWheel[],
  form: "json" | "html" = "json",
): Promise<TestIndex> {
  const wheels = offered.map((parts) => ({ ...parts, ...makeWheel(parts) }));
  const server = await startServer((request, response) => {
    const path = request.url ?? "";
    const project = /^\/simple\/([^/]+)\/$/.exec(path)?.[1];
    const wheel = wheels.find(({ file }) => path.startsWith(`/files/${file}`));
    const own = wheels.filter(({ name = "demo" }) => name === project);
    if (own.length > 0) {
      const [type, text] = form === "json" ? jsonPage(own) : htmlPage(own);
      response.writeHead(200, { "content-type": type }).end(text);
    } else if (wheel === undefined) {
      response.writeHead(404).end();
    } else {
      response.writeHead(200).end(path.endsWith(".metadata") ? wheel.metadata : (wheel.sent ?? wheel.bytes));
    }
  });
  return { ...server, url: `${server.origin}/simple` };
}

type Offer = OfferedWheel & MadeWheel;

function jsonPage(wheels: readonly Offer[]): readonly [string, string] {
  const files = wheels.map(
    ({ file, bytes, metadata, requiresPython, yanked, metadataOffered, hash = sha256(bytes) }) => ({
      filename: file,
      url: `../../files/${file}`,
      hashes: hash === "" ? {} : { sha256: hash },
      "requires-python": requiresPython ?? null,
      yanked: yanked ?? false,
      "core-metadata": metadataOffered === true ? { sha256: sha256(metadata) } : false,
    }),
  );
  return [
    "application/vnd.pypi.simple.v1+json",
    JSON.stringify({ meta: { "api-version": "1.1" }, name: "any", files }),
  ];
}

function htmlPage(wheels: readonly Offer[]): readonly [string, string] {
  const anchors = wheels.map(({ file, bytes, hash = sha256(bytes), requiresPython = "", yanked }) => {
    const python = requiresPython.replaceAll(">", "&gt;").replaceAll("<", "&lt;");
    const taken = yanked === undefined || yanked === false ? "" : ` data-yanked="${String(yanked)}"`;
    const fragment = hash === "" ? "" : `#sha256=${hash}`;
    return `<a href="../../files/${file}${fragment}" data-requires-python="${python}"${taken}>${file}</a><br>`;
  });
  return ["text/html; charset=utf-8", `<!DOCTYPE html><html><body>${anchors.join("\n")}</body></html>`];
}

/** Options for a folder and an index, without waiting between tries. */
export function packageOptions(rulesFolder: string, indexUrl: string): PackageOptions {
  return {
    rulesFolder,
    index: { url: `${indexUrl}/`, credentials: undefined },
    clock,
    wait: () => Promise.resolve(),
  };
}
