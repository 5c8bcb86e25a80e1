import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished, vi } from "vitest";

import { Receiver } from "../../../examples/service/receiver.ts";
import { adminToken, bin, ServiceProcess } from "./service-process.ts";

export const sourceToken = "source-token-of-the-test";
const webhookSecret = "webhook-secret-of-the-test";

export interface SiteOptions {
  /** Texts by file name. */
  readonly rules: Readonly<Record<string, string>>;
  /** Settings besides those of the fixtures, by their names at the top of the file. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** What two ways to examine the same events are compared by. */
export interface Outcome {
  /** Of each alert and status, what it says, in order. */
  readonly alerts: readonly string[];
  /** Lines of the state's export, sorted. */
  readonly state: readonly string[];
}

/**
 * A folder with rules and a configuration, a receiver of alerts, and processes of the service, one at a time. All of it is
 * gone when the test has ended, also one that took too long.
 */
export class Site {
  readonly folder: string;
  readonly receiver: Receiver;
  /** Called with each line that the receiver prints, before it answers. */
  onReceived: (line: string) => void = () => undefined;
  #process: ServiceProcess | undefined;
  #isClosed = false;

  static async open(options: SiteOptions): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), "stakeout-acceptance-"));
    let told: (line: string) => void = () => undefined;
    const receiver = await Receiver.start({
      port: 0,
      secret: webhookSecret,
      file: join(folder, "received.jsonl"),
      print: (line) => told(line),
      nowMs: () => new Date().getTime(),
    });
    const site = new Site(folder, receiver);
    told = (line) => site.onReceived(line);
    onTestFinished(() => site.#close());
    site.#write(options);
    return site;
  }

  private constructor(folder: string, receiver: Receiver) {
    this.folder = folder;
    this.receiver = receiver;
  }

  /** The process that was started last. */
  get process(): ServiceProcess {
    if (this.#process === undefined) throw new Error("no process was started");
    return this.#process;
  }

  start(): ServiceProcess {
    if (this.#isClosed) throw new Error("the test has ended");
    this.#process = new ServiceProcess(this.pathOf("stakeout.yaml"));
    return this.#process;
  }

  /** Ends the process as a power failure would, and starts another one. */
  async killAndStart(): Promise<void> {
    await this.process.end("SIGKILL");
    this.start();
  }

  /** Where events go at present; waits while the service starts, also when it is killed and started again. */
  async eventsUrl(): Promise<string> {
    for (;;) {
      const { process } = this;
      const addresses = await process.addresses.catch(() => undefined);
      if (addresses !== undefined && !process.isGone) return addresses.events;
      await vi.waitUntil(() => this.process !== process, { timeout: 10_000, interval: 1 });
    }
  }

  /** Waits until everything accepted is examined and every alert is delivered. */
  async drained(): Promise<void> {
    await vi.waitUntil(
      async () => {
        const { sources, destinations } = await this.process.status();
        const waiting = destinations.reduce((sum, destination) => sum + destination.waiting, 0);
        return waiting + sources.reduce((sum, source) => sum + (source.backlogRecords ?? 0), 0) === 0;
      },
      { timeout: 60_000, interval: 50 },
    );
  }

  /** Resolves when the receiver prints a line with this text; called again, it stops waiting for the one before. */
  received(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.onReceived = (line) => {
      if (line.includes(text)) resolve();
    };
    return promise;
  }

  writeRule(name: string, text: string): void {
    writeFileSync(join(this.folder, "rules", name), text);
  }

  pathOf(name: string): string {
    return join(this.folder, name);
  }

  /** What `stakeout run` makes of the same events in one go. */
  async runWhole(events: string): Promise<Outcome> {
    writeFileSync(this.pathOf("events.ndjson"), events);
    const args = ["--rules", this.pathOf("rules"), "--input", this.pathOf("events.ndjson"), "--quiet"];
    const files = ["--state", this.pathOf("run.db"), "--alerts", this.pathOf("run-alerts.jsonl")];
    await command(["run", ...args, ...files]);
    return await this.#outcome("run.db", "run-alerts.jsonl");
  }

  /** What the service has made of its events; it must not be running. */
  outcome(): Promise<Outcome> {
    return this.#outcome("stakeout.db", "alerts.jsonl");
  }

  #write({ rules, settings = {} }: SiteOptions): void {
    mkdirSync(this.pathOf("rules"));
    for (const [name, text] of Object.entries(rules)) this.writeRule(name, text);
    const config = {
      rules: { paths: ["rules"], watch: true },
      http: { listen: "127.0.0.1:0" },
      admin: { listen: "127.0.0.1:0", token: adminToken },
      sources: { events: { kind: "http", token: sourceToken } },
      destinations: {
        receiver: {
          kind: "webhook",
          url: `${this.receiver.url}/alerts`,
          secret: webhookSecret,
          closed: true,
          privateNetworks: ["127.0.0.0/8"],
          retry: { delay: "50ms", delayMax: "400ms" },
        },
        archive: { kind: "file", path: "alerts.jsonl" },
      },
      log: { format: "json" },
      drain: "5s",
      ...settings,
    };
    // JSON is YAML.
    writeFileSync(this.pathOf("stakeout.yaml"), JSON.stringify(config));
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    await this.#process?.end("SIGKILL");
    await this.receiver.close();
    rmSync(this.folder, { recursive: true });
  }

  async #outcome(state: string, alerts: string): Promise<Outcome> {
    const exported = await command(["state", "export", "--state", this.pathOf(state)]);
    const file = this.pathOf(alerts);
    const lines = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
    return {
      alerts: lines.filter((line) => line !== "").map(alertSummary),
      state: exported
        .split("\n")
        .filter((line) => line !== "")
        .sort(),
    };
  }
}

/** All of an alert but what says where its events came from. */
function alertSummary(line: string): string {
  const { events, position: _, ...alert } = JSON.parse(line) as Record<string, unknown>;
  return JSON.stringify({ ...alert, events: Array.isArray(events) ? events.length : 0 });
}

/** Where an outcome is not the expected one, in few words: outcomes are too long to be printed. */
export function differences(actual: Outcome, expected: Outcome): readonly string[] {
  return (["alerts", "state"] as const).flatMap((part) => {
    const lengths = `${part}: ${actual[part].length} lines instead of ${expected[part].length}`;
    const line = expected[part].findIndex((text, index) => text !== actual[part][index]);
    if (line === -1) return actual[part].length === expected[part].length ? [] : [lengths];
    const [found, wanted] = [actual[part][line]?.slice(0, 300), expected[part][line]?.slice(0, 300)];
    return [`${lengths}; line ${line} is ${found} instead of ${wanted}`];
  });
}

/** The counter under a key of the state; 0 where there is none. */
export function counterOf({ state }: Outcome, key: string): number {
  const items = state.map((line) => JSON.parse(line) as { readonly key: string; readonly count: number });
  return items.find((item) => item.key === key)?.count ?? 0;
}

/** The idempotency keys of what `Outcome.alerts` holds. */
export function deliveryKeys({ alerts }: Outcome): readonly string[] {
  return alerts.map((line) => {
    const { id, status } = JSON.parse(line) as { readonly id: string; readonly status: string };
    return `${id}:${status}`;
  });
}

/** Runs a command of the launcher to its end and answers what it printed; throws when it fails. */
async function command(args: readonly string[]): Promise<string> {
  const child = spawn(bin, args, { stdio: ["ignore", "pipe", "pipe"] });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (printed[name] += text));
  }
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`stakeout ${args[0]} ended with ${code}: ${printed.stderr}`);
  return printed.stdout;
}
