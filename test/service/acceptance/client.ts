import { setTimeout as delay } from "node:timers/promises";

import { type Site, sourceToken } from "./site.ts";

/** What a client met that keeps sending until all is accepted. */
export interface ClientCounts {
  requests: number;
  /** Requests whose answer never came. */
  unanswered: number;
  /** Answers that say that the request had been stored before. */
  repeated: number;
  /** By status, answers that ask to come again later. */
  refused: Record<string, number>;
  /** Answers that ask to come again later without saying when. */
  refusedWithoutTime: number;
}

/** Sends events, each request under a key of its own, again and again until it is accepted. */
export class Client {
  readonly counts: ClientCounts = {
    requests: 0,
    unanswered: 0,
    repeated: 0,
    refused: {},
    refusedWithoutTime: 0,
  };
  /** Events that the service has confirmed. */
  accepted = 0;
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  async send(key: string, events: readonly string[]): Promise<void> {
    for (;;) {
      const response = await this.#attempt(key, events);
      if (response === undefined) continue;
      if (response.status === 202) {
        const { accepted, repeated = false } = (await response.json()) as Accepted;
        if (accepted !== events.length)
          throw new Error(`${accepted} of ${events.length} events were accepted`);
        this.counts.repeated += Number(repeated);
        this.accepted += accepted;
        return;
      }
      await this.#waitAsAsked(response);
    }
  }

  /** `undefined` when no whole answer came. */
  async #attempt(key: string, events: readonly string[]): Promise<Response | undefined> {
    const url = await this.#site.eventsUrl();
    this.counts.requests += 1;
    try {
      const response = await fetch(`${url}/v1/events/events`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${sourceToken}`,
          "content-type": "application/x-ndjson",
          "idempotency-key": key,
        },
        body: `${events.join("\n")}\n`,
      });
      // Whole, or what follows would not be an answer either.
      return new Response(await response.text(), response);
    } catch {
      this.counts.unanswered += 1;
      return undefined;
    }
  }

  async #waitAsAsked(response: Response): Promise<void> {
    const { status, headers } = response;
    if (status !== 429 && status !== 503) throw new Error(`status ${status}: ${await response.text()}`);
    this.counts.refused[status] = (this.counts.refused[status] ?? 0) + 1;
    const seconds = headers.get("retry-after");
    this.counts.refusedWithoutTime += Number(seconds === null);
    await delay(Math.min(Number(seconds), secondsMax) * 1000);
  }
}

/** The longest that a test waits, whatever it is asked for. */
const secondsMax = 1;

interface Accepted {
  readonly accepted: number;
  readonly repeated?: boolean;
}

/** Lines in groups of the same length; the last may be shorter. */
export function chunksOf(lines: readonly string[], length: number): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(lines.length / length) }, (_, index) =>
    lines.slice(index * length, (index + 1) * length),
  );
}

/** CloudTrail events a second apart, by their numbers, as lines. */
function eventLines(from: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    return JSON.stringify({
      eventVersion: "1.08",
      eventTime: new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString(),
      eventSource: "s3.amazonaws.com",
      eventName: "GetObject",
      userIdentity: { arn: `arn:aws:iam::123456789012:user/${number % 97}` },
      sourceIPAddress: `192.0.2.${(number * number) % 251}`,
      number,
    });
  });
}

/** Sends events in the background, request after request, until it is told to stop. */
export class Load {
  /** How many events were accepted. */
  sent = 0;
  readonly client: Client;
  readonly #name: string;
  readonly #perRequest: number;
  readonly #pauseMs: number;
  readonly #done: Promise<void>;
  #isOver = false;

  constructor(site: Site, { name = "load", perRequest = 500, pauseMs = 0 }: LoadOptions = {}) {
    this.client = new Client(site);
    this.#name = name;
    this.#perRequest = perRequest;
    this.#pauseMs = pauseMs;
    this.#done = this.#run();
    // Whoever ends it is told.
    this.#done.catch(() => undefined);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      await this.client.send(`${this.#name}-${this.sent}`, eventLines(this.sent, this.#perRequest));
      this.sent += this.#perRequest;
      if (this.#pauseMs > 0) await delay(this.#pauseMs);
    }
  }
}

export interface LoadOptions {
  /** Part of the requests' keys; each load at a time has one of its own. Default `load`. */
  readonly name?: string;
  /** Events in a request. Default 500. */
  readonly perRequest?: number;
  /** Between two requests, in milliseconds. Default 0. */
  readonly pauseMs?: number;
}

/** Prints a line for whoever reads the log of the tests. */
export function tell(line: string): void {
  process.stderr.write(`acceptance: ${line}\n`);
}
