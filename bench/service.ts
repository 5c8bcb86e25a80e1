import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { Pool } from "undici";

import { cloudTrailFile } from "./data.ts";
import { benchRules } from "./rules.ts";

/** Records of one request, as shippers batch them. */
const recordsPerRequest = 100;
const connections = 8;
const token = "token-of-the-benchmark";

const markerRule = `import { defineRule } from "stakeout";

export default defineRule({
  id: "Bench.Marker",
  logTypes: ["AWS.CloudTrail"],
  severity: "high",
  rule: (event) => event.eventName === "BenchMarker",
  dedup: (event) => String(event.requestID),
  title: (event) => String(event.requestID),
});
`;

export interface ServiceBenchOptions {
  readonly eventsPerSecond: number;
  readonly seconds: number;
}

/**
 * A service under load over loopback: events at a steady rate, each request acknowledged when its events are durable, an alert
 * now and then whose way from request to receiver is timed. Then as many events as it takes.
 */
export async function benchService({ eventsPerSecond, seconds }: ServiceBenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-bench-"));
  const receiver = await Receiver.listen();
  const service = await startService(folder, receiver.port);
  const pool = new Pool(`http://${service.events}`, { connections });
  const client = new Client(pool, receiver);
  try {
    await client.steady(eventsPerSecond, seconds, () => service.sample());
    const { caughtUpMs } = await service.idle();
    report(`${eventsPerSecond.toLocaleString("en-US")} events/s for ${seconds} s`, client, service);
    console.log(`  engine caught up ${Math.round(caughtUpMs)} ms after the last request`);
    const burst = new Client(pool, receiver);
    await burst.flood(10, () => service.sample());
    await service.idle();
    report("as many as it takes, for 10 s", burst, service);
  } finally {
    await pool.close();
    service.stop();
    receiver.close();
    rmSync(folder, { recursive: true });
  }
}

function report(what: string, client: Client, service: RunningService): void {
  const { acknowledged, elapsedMs, refused, latenciesMs } = client;
  const rate = Math.round((acknowledged / elapsedMs) * 1000).toLocaleString("en-US");
  console.log(`${what}: ${rate} events/s acknowledged, ${refused} requests answered 429`);
  console.log(`  request to acknowledgement: ${percentiles(latenciesMs)}`);
  const alerts = client.alertLatencies();
  if (alerts.length > 0)
    console.log(`  request to alert at the receiver (${alerts.length}): ${percentiles(alerts)}`);
  const { residentMb } = service;
  console.log(
    `  resident memory of the service: ${residentMb.at(0)} MB at first, ${Math.max(...residentMb)} MB at most`,
  );
}

function percentiles(values: readonly number[]): string {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (part: number): string =>
    (sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN).toFixed(0);
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`;
}

/** Notes when alerts arrive. */
class Receiver {
  readonly arrivedMs = new Map<string, number>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => {
      let text = "";
      request.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      request.on("end", () => {
        const { title } = JSON.parse(text) as { title: string };
        if (!this.arrivedMs.has(title)) this.arrivedMs.set(title, performance.now());
        response.end("ok");
      });
    });
  }

  static async listen(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

interface RunningService {
  readonly events: string;
  readonly residentMb: readonly number[];
  sample(): void;
  /** Waits until nothing waits to be examined or delivered. */
  idle(): Promise<{ readonly caughtUpMs: number }>;
  stop(): void;
}

async function startService(folder: string, receiverPort: number): Promise<RunningService> {
  const rules = benchRules();
  writeFileSync(join(folder, "marker.ts"), markerRule);
  writeFileSync(
    join(folder, "stakeout.yaml"),
    `rules: {paths: [${rules.stateless}, ${rules.stateful}, ${join(folder, "marker.ts")}], watch: false}
state: state.db
http: {listen: "127.0.0.1:0"}
admin: {listen: "127.0.0.1:0", token: ${token}-admin}
sources: {bench: {kind: http, token: ${token}}}
destinations:
  receiver: {kind: webhook, url: "http://127.0.0.1:${receiverPort}/", privateNetworks: [127.0.0.0/8], severities: [high]}
`,
  );
  const child = spawn(
    join(import.meta.dirname, "../bin/stakeout"),
    ["serve", "-c", join(folder, "stakeout.yaml")],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const { events, admin } = await addressesOf(child);
  const residentMb: number[] = [];
  const status = async (): Promise<ServiceStatusPart> => {
    const response = await fetch(`http://${admin}/v1/status`, {
      headers: { authorization: `Bearer ${token}-admin` },
    });
    return (await response.json()) as ServiceStatusPart;
  };
  return {
    events,
    residentMb,
    sample: () => void residentMb.push(residentMbOf(child.pid ?? 0)),
    async idle() {
      const startedMs = performance.now();
      for (;;) {
        const { sources, destinations } = await status();
        const waits = sources.some(({ backlogRecords }) => backlogRecords > 0);
        if (!waits && destinations.every(({ waiting }) => waiting === 0)) break;
        await wait(20);
      }
      return { caughtUpMs: performance.now() - startedMs };
    },
    stop: () => void child.kill("SIGTERM"),
  };
}

interface ServiceStatusPart {
  readonly sources: readonly { readonly backlogRecords: number }[];
  readonly destinations: readonly { readonly waiting: number }[];
}

/** The log says where it listens. */
function addressesOf(child: ChildProcess): Promise<{ readonly events: string; readonly admin: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ events: string; admin: string }>();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    for (const line of text.split("\n").filter((each) => each.startsWith("{"))) {
      const { events, admin, level, message } = JSON.parse(line) as Record<string, string>;
      if (events !== undefined && admin !== undefined) resolve({ events, admin });
      else if (level !== "info") console.error(message);
    }
  });
  child.on("exit", (code) => reject(new Error(`the service ended with status ${code}`)));
  return promise;
}

function residentMbOf(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kib) / 1024);
}

class Client {
  acknowledged = 0;
  refused = 0;
  elapsedMs = 0;
  readonly latenciesMs: number[] = [];
  readonly #markedMs = new Map<string, number>();
  readonly #pool: Pool;
  readonly #receiver: Receiver;
  readonly #bodies: readonly Buffer[];
  #sent = 0;

  constructor(pool: Pool, receiver: Receiver) {
    this.#pool = pool;
    this.#receiver = receiver;
    this.#bodies = requestBodies();
  }

  /** Sends at a rate that does not depend on how quickly answers come. */
  async steady(eventsPerSecond: number, seconds: number, sample: () => void): Promise<void> {
    const intervalMs = (recordsPerRequest / eventsPerSecond) * 1000;
    const startedMs = performance.now();
    const requests = Math.round((seconds * 1000) / intervalMs);
    const waiting: Promise<void>[] = [];
    for (let number = 0; number < requests; number++) {
      const earlyMs = startedMs + number * intervalMs - performance.now();
      if (earlyMs > 1) await wait(earlyMs);
      if (number % 200 === 0) sample();
      waiting.push(this.#send(number % 20 === 0));
    }
    await Promise.all(waiting);
    this.elapsedMs = performance.now() - startedMs;
  }

  /** Sends the next request of a connection as soon as the one before is answered. */
  async flood(seconds: number, sample: () => void): Promise<void> {
    const startedMs = performance.now();
    const untilMs = startedMs + seconds * 1000;
    const send = async (): Promise<void> => {
      while (performance.now() < untilMs) await this.#send(false);
    };
    const sampling = setInterval(sample, 500);
    await Promise.all(Array.from({ length: connections }, send));
    clearInterval(sampling);
    this.elapsedMs = performance.now() - startedMs;
  }

  alertLatencies(): readonly number[] {
    return [...this.#markedMs].map(
      ([title, sentMs]) => (this.#receiver.arrivedMs.get(title) ?? Number.NaN) - sentMs,
    );
  }

  async #send(marked: boolean): Promise<void> {
    const number = this.#sent++;
    let body = this.#bodies[number % this.#bodies.length] ?? Buffer.alloc(0);
    const sentMs = performance.now();
    if (marked) {
      const title = `marker ${number}`;
      body = Buffer.concat([body, Buffer.from(markerOf(title))]);
      this.#markedMs.set(title, sentMs);
    }
    const response = await this.#pool.request({
      method: "POST",
      path: "/v1/events/bench",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" },
      body,
    });
    const answer = (await response.body.json()) as { accepted?: number };
    this.latenciesMs.push(performance.now() - sentMs);
    if (response.statusCode === 429) this.refused++;
    else if (response.statusCode !== 202)
      throw new Error(`status ${response.statusCode}: ${JSON.stringify(answer)}`);
    this.acknowledged += answer.accepted ?? 0;
  }
}

function markerOf(title: string): string {
  return `${JSON.stringify({ eventVersion: "1.08", eventSource: "sts.amazonaws.com", eventName: "BenchMarker", requestID: title })}\n`;
}

/** The benchmark's events, cut into requests. */
function requestBodies(): readonly Buffer[] {
  const file = readFileSync(cloudTrailFile(50e6));
  const bodies: Buffer[] = [];
  let start = 0;
  let records = 0;
  for (let end = file.indexOf(10); end >= 0; end = file.indexOf(10, end + 1)) {
    records += 1;
    if (records % recordsPerRequest > 0) continue;
    bodies.push(file.subarray(start, end + 1));
    start = end + 1;
  }
  return bodies;
}
