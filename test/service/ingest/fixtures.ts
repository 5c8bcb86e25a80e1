import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { HttpSourceConfig, IngestConfig } from "../../../src/config/service-config.ts";
import { systemTimer, type Timer } from "../../../src/core/clock.ts";
import { StakeoutError } from "../../../src/core/errors.ts";
import { createIngestServer, type IngestServer } from "../../../src/service/ingest/server.ts";
import type { Spool, SpoolEntry, SpoolReceipt } from "../../../src/sources/spool/spool.ts";
import { type ManualClock, manualClock } from "../../../src/testing/manual-clock.ts";

export const token = "token-of-the-test-source";

export function httpSource(options: Partial<HttpSourceConfig> = {}): HttpSourceConfig {
  return {
    kind: "http",
    name: "app",
    logType: undefined,
    format: "auto",
    envelopeField: undefined,
    auth: { kind: "token", tokens: [token] },
    ...options,
  };
}

/** What was stored, as a test looks at it. */
export interface StoredEntry {
  readonly source: string;
  readonly records: readonly string[];
  readonly idempotencyKey: string | undefined;
}

/** Keeps entries in memory, and behaves otherwise as a spool does. */
export class MemorySpool implements Pick<Spool, "append"> {
  readonly entries: StoredEntry[] = [];
  /** What the next appends are answered instead of being stored, in order. */
  readonly refusals: (SpoolReceipt | StakeoutError)[] = [];
  /** Set, it must be resolved before anything is stored. */
  gate: Promise<void> | undefined;
  /** Called when an entry arrives. */
  onAppend: () => void = () => undefined;
  readonly #keys: Map<string, { readonly digest: string; readonly records: number }> = new Map();

  async append(entry: SpoolEntry): Promise<SpoolReceipt> {
    const records = textsOf(entry);
    this.onAppend();
    await this.gate;
    const refusal = this.refusals.shift();
    if (refusal instanceof StakeoutError) throw refusal;
    if (refusal !== undefined) return refusal;
    const key = entry.idempotencyKey === undefined ? undefined : `${entry.source} ${entry.idempotencyKey}`;
    const known = key === undefined ? undefined : this.#keys.get(key);
    if (known !== undefined) {
      return known.digest === entry.digest
        ? { kind: "repeated", records: known.records }
        : { kind: "key-reused" };
    }
    if (key !== undefined) this.#keys.set(key, { digest: entry.digest, records: records.length });
    this.entries.push({ source: entry.source, records, idempotencyKey: entry.idempotencyKey });
    return { kind: "stored", records: records.length };
  }

  /** All records, in order. */
  get records(): readonly string[] {
    return this.entries.flatMap(({ records }) => records);
  }
}

function textsOf({ records }: SpoolEntry): string[] {
  return records.flatMap(({ bytes, count, starts, ends }) =>
    Array.from({ length: count }, (_, index) => bytes.toString("utf8", starts[index], ends[index])),
  );
}

export interface Ingest {
  readonly server: IngestServer;
  readonly spool: MemorySpool;
  readonly clock: ManualClock;
  readonly port: number;
  readonly url: string;
  readonly warnings: string[];
  /** Posts to a path with the token of the default source, unless the headers say otherwise. */
  readonly post: (
    path: string,
    body: RequestBody,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answered>;
}

export type RequestBody = string | Buffer;

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface IngestTestOptions {
  readonly sources?: readonly HttpSourceConfig[];
  readonly config?: Partial<IngestConfig>;
  readonly timer?: Timer;
}

/** A listener on any free port, closed when the test is over. */
export async function startIngest(options: IngestTestOptions = {}): Promise<Ingest> {
  const spool = new MemorySpool();
  const clock = manualClock();
  const warnings: string[] = [];
  const log = {
    warn: (_fields: unknown, message: string) => void warnings.push(message),
  };
  const { sources = [httpSource()], timer = systemTimer } = options;
  const server = createIngestServer({
    config: ingestConfig(options.config),
    sources,
    spool,
    clock,
    timer,
    log,
  });
  const { port } = await server.listen();
  onTestFinished(() => server.close(0));
  const url = `${options.config?.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  const post: Ingest["post"] = async (path, body, headers = {}) => {
    const allHeaders = { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers };
    return answered(
      await fetch(`${url}${path}`, { method: "POST", headers: allHeaders, body: Buffer.from(body) }),
    );
  };
  return { server, spool, clock, port, url, warnings, post };
}

export async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, headers: response.headers, body };
}

/** The code of a refusal. */
export function codeOf({ body }: Answered): unknown {
  return (body["error"] as Record<string, unknown> | undefined)?.["code"];
}

export function ingestConfig(options: Partial<IngestConfig> = {}): IngestConfig {
  return {
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    bodyBytesMax: 1024 * 1024,
    contentBytesMax: 4 * 1024 * 1024,
    heldBytesMax: 16 * 1024 * 1024,
    requestMs: 30_000,
    connectionsMax: 100,
    ...options,
  };
}

/** A connection without a client above it. */
export class RawConnection {
  readonly socket: Socket;
  received = "";
  readonly closed: Promise<void>;
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setEncoding("latin1");
    this.socket.on("data", (text: string) => {
      this.received += text;
      this.#wake();
    });
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on("close", () => {
        this.#wake();
        resolve();
      });
    });
    onTestFinished(() => void this.socket.destroy());
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Sends one request, and waits for its answer in JSON. */
  async receiveAnswer(text: string): Promise<string> {
    this.send(text);
    return this.receive(/\}$/);
  }

  /** Waits until what was received fits. */
  async receive(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received)) {
      if (this.socket.closed) throw new Error(`closed after: ${JSON.stringify(this.received)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.received;
  }
}
