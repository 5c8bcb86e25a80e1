import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { ServiceStatus } from "../../../src/service/status.ts";

export const bin: string = join(import.meta.dirname, "../../../bin/stakeout");

export const adminToken = "admin-token-of-the-test";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Addresses {
  readonly events: string;
  readonly admin: string;
}

interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly events?: string;
  readonly admin?: string;
}

/** One process of `bin/stakeout serve`, from its start to its end. */
export class ServiceProcess {
  /** Resolves when events are taken; rejects when the process ends before. */
  readonly addresses: Promise<Addresses>;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #stderr = "";
  #isGone = false;

  constructor(configFile: string) {
    const child = spawn(bin, ["serve", "-c", configFile], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    this.ended = once(child, "close").then(([code, signal]) => {
      this.#isGone = true;
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
    const { promise, resolve, reject } = Promise.withResolvers<Addresses>();
    this.addresses = promise;
    // Whoever needs the addresses is told; a process that is killed while it starts has none.
    promise.catch(() => undefined);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      const { events, admin } = this.log.find(({ message }) => message === "Events are taken.") ?? {};
      if (events !== undefined && admin !== undefined) {
        resolve({ events: `http://${events}`, admin: `http://${admin}` });
      }
    });
    void this.ended.then(() => reject(new Error(`the service ended before it took events: ${this.#stderr}`)));
  }

  /** Nothing can be asked of it any more. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Whole lines of the log so far; what is not JSON is left out. */
  get log(): readonly LogLine[] {
    const lines = this.#stderr.split("\n").slice(0, -1);
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
  }

  async status(): Promise<ServiceStatus> {
    const { admin } = await this.addresses;
    const response = await fetch(`${admin}/v1/status`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    return (await response.json()) as ServiceStatus;
  }

  /** Memory that the process holds, in bytes, as the kernel counts it. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  end(signal: NodeJS.Signals): Promise<Ended> {
    this.#isGone ||= signal === "SIGKILL";
    this.#child.kill(signal);
    return this.ended;
  }
}
