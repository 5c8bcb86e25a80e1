/**
 * A receiver of alerts to try the service with: `node examples/service/receiver.ts`. It shows what every receiver of webhooks
 * should do: check the signature, refuse what is old, store before it answers, and take each delivery once by its
 * `Idempotency-Key`. It can also fail when asked to, to see what becomes of the alerts then. It needs nothing but Node.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, realpathSync, truncateSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";

/** An alert may hold an event of a few MiB. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;
/** What was signed longer ago may have been recorded by somebody and sent again. */
const AGE_MAX_MS = 5 * 60_000;

export interface ReceiverOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** The secret of the destination in stakeout.yaml. */
  readonly secret: string;
  /** Where alerts are kept, a line of JSON each; what is in it already counts as received. */
  readonly file: string;
  /** Takes a line for people. */
  readonly print: (line: string) => void;
  /** Wall-clock time in milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
}

/** `reset`: the connection ends without an answer. */
export type Failure = { readonly how: "status" | "reset"; readonly untilMs: number };

/** What came in since the start. */
export interface ReceiverCounts {
  /** Alerts taken, each once. */
  alerts: number;
  /** Deliveries that had been taken before. */
  repeated: number;
  /** Requests failed on demand. */
  failed: number;
  /** Requests whose signature is wrong or missing, or that are no deliveries. */
  refused: number;
}

interface ReceivedAlert {
  readonly severity?: unknown;
  readonly title?: unknown;
  readonly status?: unknown;
}

/** Takes deliveries at `/alerts`; answers what it has seen at `/`; fails for a while after a POST to `/fail?seconds=60`. */
export class Receiver {
  readonly counts: ReceiverCounts = { alerts: 0, repeated: 0, failed: 0, refused: 0 };
  /** Idempotency keys of the deliveries taken. */
  readonly keys: Set<string>;
  readonly #options: ReceiverOptions;
  readonly #server: Server;
  #failure: Failure | undefined;

  static async start(options: ReceiverOptions): Promise<Receiver> {
    const receiver = new Receiver(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    receiver.#server.once("error", reject).listen(options.port, "127.0.0.1", resolve);
    await promise;
    return receiver;
  }

  private constructor(options: ReceiverOptions) {
    this.#options = options;
    mkdirSync(dirname(options.file), { recursive: true });
    this.keys = new Set(readKeys(options.file));
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on every delivery fails; `undefined` takes them again. */
  fail(failure: Failure | undefined): void {
    this.#failure = failure;
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://receiver");
    try {
      if (request.method === "POST" && pathname === "/alerts") return await this.#take(request, response);
      if (request.method === "POST" && pathname === "/fail")
        return this.#failOnDemand(searchParams, response);
      if (request.method === "GET" && pathname === "/") return send(response, 200, this.counts);
      send(response, 404, { error: "POST /alerts, POST /fail?seconds=60&how=status|reset, GET /" });
    } catch (error) {
      // The sender hung up, or the alert cannot be stored: either way it has to come again.
      this.#options.print(`failed   ${String(error)}`);
      if (!response.headersSent) send(response, 500, { error: "not stored" });
    }
  }

  #failOnDemand(parameters: URLSearchParams, response: ServerResponse): void {
    const seconds = Number(parameters.get("seconds") ?? "60");
    const how = parameters.get("how") ?? "status";
    if (!(seconds >= 0 && seconds <= 86_400) || (how !== "status" && how !== "reset")) {
      return send(response, 400, { error: "seconds must be from 0 to 86400, how must be status or reset" });
    }
    this.fail({ how, untilMs: this.#options.nowMs() + seconds * 1000 });
    this.#options.print(`fails for ${seconds} s from now on`);
    send(response, 200, { how, seconds });
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { print, nowMs } = this.#options;
    const body = await readBody(request);
    const failure = this.#failure;
    if (failure !== undefined && nowMs() < failure.untilMs) {
      this.counts.failed += 1;
      print("failed   on demand");
      if (failure.how === "reset") request.socket.resetAndDestroy();
      else send(response, 503, { error: "failing on demand" });
      return;
    }
    const key = request.headers["idempotency-key"];
    const alert = body === undefined ? undefined : parseAlert(body);
    if (
      body === undefined ||
      !this.#isSigned(request, body) ||
      alert === undefined ||
      typeof key !== "string"
    ) {
      this.counts.refused += 1;
      print("refused  not signed with our secret, too old, or no alert");
      return send(response, 401, { error: "not signed with our secret, too old, or no alert" });
    }
    this.#store(key, alert);
    send(response, 200, { taken: key });
  }

  /** On the disk before the answer: what we have confirmed is not sent again. */
  #store(key: string, alert: ReceivedAlert): void {
    const { file, print } = this.#options;
    const line = `${String(alert.severity)} ${String(alert.title)} (${String(alert.status)})`;
    if (this.keys.has(key)) {
      this.counts.repeated += 1;
      return print(`again    ${line}`);
    }
    appendFileSync(file, `${JSON.stringify({ key, alert })}\n`, { flush: true });
    this.keys.add(key);
    this.counts.alerts += 1;
    print(`alert    ${line}`);
  }

  /** `X-Stakeout-Signature` is `v1=` and the HMAC-SHA256 of timestamp, `.` and body in hexadecimal. */
  #isSigned({ headers }: IncomingMessage, body: Buffer): boolean {
    const { secret, nowMs } = this.#options;
    const timestamp = String(headers["x-stakeout-timestamp"]);
    if (!(Math.abs(nowMs() - Number(timestamp) * 1000) <= AGE_MAX_MS)) return false;
    const digest = createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex");
    const expected = Buffer.from(`v1=${digest}`);
    const given = Buffer.from(String(headers["x-stakeout-signature"]));
    // In constant time, so that nobody can find the signature out a character at a time.
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

/** Answers `undefined` for a body that is too long. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes <= BODY_BYTES_MAX) pieces.push(piece);
  }
  return bytes <= BODY_BYTES_MAX ? Buffer.concat(pieces) : undefined;
}

function parseAlert(body: Buffer): ReceivedAlert | undefined {
  try {
    const alert: unknown = JSON.parse(body.toString());
    return typeof alert === "object" && alert !== null ? alert : undefined;
  } catch {
    return undefined;
  }
}

/** The keys of what is kept. A line that was cut short by a power failure was never confirmed, and is cut off. */
function readKeys(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  truncateSync(file, Buffer.byteLength(whole));
  const lines = whole.split("\n").slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { readonly key: string }).key);
}

function send(response: ServerResponse, status: number, answer: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify(answer)}\n`);
}

// Only when it is run itself: tests and whoever loads all files below examples/ import it.
if (realpathSync(process.argv[1] ?? ".") === import.meta.filename) {
  const receiver = await Receiver.start({
    port: Number(process.env["RECEIVER_PORT"] ?? "8490"),
    secret: process.env["RECEIVER_SECRET"] ?? "example-webhook-secret",
    file: process.env["RECEIVER_FILE"] ?? join(import.meta.dirname, "data/received.jsonl"),
    print: (line) => void process.stdout.write(`${line}\n`),
    nowMs: () => new Date().getTime(),
  });
  process.stdout.write(
    `Alerts are taken at ${receiver.url}/alerts; ${receiver.keys.size} are in the file already.\n`,
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void receiver.close());
}
