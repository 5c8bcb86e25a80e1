import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { HttpSourceConfig, SourceAuthConfig } from "../../config/service-config.ts";

/** How old or how far ahead a Slack-style timestamp may be. */
const timestampAgeMsMax = 300_000;

/** Compared with where there is no source of that name, so that it takes as long as a wrong token. */
const noTokens = [digestOf("")];

type SignedAuth = Extract<SourceAuthConfig, { readonly secret: string }>;

/** Digests of the tokens that a request may have meant by its `Authorization`. */
export type PresentedTokens = readonly Buffer[];

/** Knows who may send to which source. Comparisons take the same time whatever they compare. */
export class Authenticator {
  readonly #sources: readonly HttpSourceConfig[];
  /** By source name; only sources with tokens. */
  readonly #digests: ReadonlyMap<string, readonly Buffer[]>;

  constructor(sources: readonly HttpSourceConfig[]) {
    this.#sources = sources;
    this.#digests = new Map(
      sources.flatMap(({ name, auth }) =>
        auth.kind === "token" ? [[name, auth.tokens.map((token) => digestOf(token))]] : [],
      ),
    );
  }

  /**
   * Whether the headers of a request let it go on to a source. A signature only has to be there: it is `isSigned` that
   * verifies it, once the body is read.
   */
  admits(source: HttpSourceConfig | undefined, headers: IncomingHttpHeaders): boolean {
    const presented = presentedTokens(headers.authorization);
    if (source === undefined) {
      holds(noTokens, presented);
      return false;
    }
    const { auth, name } = source;
    if (auth.kind === "none") return true;
    if (auth.kind === "token") return holds(this.#digests.get(name) ?? noTokens, presented);
    return signatureOf(auth, headers) !== undefined;
  }

  /** Sources whose token a request has; without one, those that anybody may send to. */
  sourcesFor(headers: IncomingHttpHeaders): readonly HttpSourceConfig[] {
    const presented = presentedTokens(headers.authorization);
    const held = this.#sources.filter(({ name }) => holds(this.#digests.get(name) ?? noTokens, presented));
    return held.length > 0 ? held : this.#sources.filter(({ auth }) => auth.kind === "none");
  }
}

/** Whether a source's signature is the one of this body, as it was sent. True for sources without signatures. */
export function isSigned(
  auth: SourceAuthConfig,
  headers: IncomingHttpHeaders,
  content: SignedContent,
): boolean {
  if (auth.kind !== "github" && auth.kind !== "slack") return true;
  const signature = signatureOf(auth, headers);
  if (signature === undefined) return false;
  if (Math.abs(content.nowMs - signature.atMs(content.nowMs)) > timestampAgeMsMax) return false;
  const hmac = createHmac("sha256", auth.secret).update(signature.prefix);
  for (const piece of content.body) hmac.update(piece);
  return timingSafeEqual(hmac.digest(), signature.digest);
}

export interface SignedContent {
  /** As it was sent, in pieces. */
  readonly body: readonly Buffer[];
  readonly nowMs: number;
}

interface Signature {
  readonly digest: Buffer;
  /** What was signed before the body. */
  readonly prefix: string;
  /** When it was signed; now where that is not told. */
  atMs(nowMs: number): number;
}

function signatureOf(auth: SignedAuth, headers: IncomingHttpHeaders): Signature | undefined {
  const isSlack = auth.kind === "slack";
  const given = headers[isSlack ? "x-slack-signature" : "x-hub-signature-256"];
  const hex = (isSlack ? /^v0=([0-9a-f]{64})$/i : /^sha256=([0-9a-f]{64})$/i).exec(String(given))?.[1];
  if (hex === undefined) return undefined;
  const digest = Buffer.from(hex, "hex");
  if (!isSlack) return { digest, prefix: "", atMs: (nowMs) => nowMs };
  const timestamp = String(headers["x-slack-request-timestamp"]);
  if (!/^\d{1,12}$/.test(timestamp)) return undefined;
  return { digest, prefix: `v0:${timestamp}:`, atMs: () => Number(timestamp) * 1000 };
}

/** `Bearer TOKEN`; `Basic` with the token as password; `ApiKey` with the token as it is, or as the key in base64 of `id:key`. */
function presentedTokens(authorization: string | undefined): PresentedTokens {
  const [, scheme = "", value = ""] = /^(\w+) +(\S+) *$/.exec(authorization ?? "") ?? [];
  const decoded = (): string => Buffer.from(value, "base64").toString("utf8");
  switch (scheme.toLowerCase()) {
    case "bearer":
      return [digestOf(value)];
    case "basic":
      return [digestOf(behindColon(decoded()))];
    case "apikey":
      return [digestOf(value), digestOf(decoded()), digestOf(behindColon(decoded()))];
    default:
      return [];
  }
}

function behindColon(text: string): string {
  return text.slice(text.indexOf(":") + 1);
}

function holds(digests: readonly Buffer[], presented: PresentedTokens): boolean {
  let found = false;
  for (const one of presented) {
    for (const digest of digests) if (timingSafeEqual(digest, one)) found = true;
  }
  return found;
}

/** Digests have one length, whatever was presented. */
function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
