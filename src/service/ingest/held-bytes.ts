import type { SourceAuthConfig } from "../../config/service-config.ts";
import { Refusal } from "./refusal.ts";

/** How long a client is asked to wait for others whose bodies fill the memory set aside. */
const retryAfterMs = 1000;

/** Bytes of bodies in memory, of all requests together. */
export class HeldBytes {
  readonly #all: Pool;
  /** Half of it: the other half is for clients that have shown a token before their body is read. */
  readonly #unproven: Pool;

  constructor(bytesMax: number) {
    this.#all = { bytes: 0, bytesMax };
    this.#unproven = { bytes: 0, bytesMax: Math.ceil(bytesMax / 2) };
  }

  get bytes(): number {
    return this.#all.bytes;
  }

  /** For a request to a source. */
  begin(auth: SourceAuthConfig | undefined): Holding {
    const isProven = auth === undefined || auth.kind === "token";
    return new Holding(isProven ? [this.#all] : [this.#all, this.#unproven]);
  }
}

interface Pool {
  bytes: number;
  readonly bytesMax: number;
}

/** The share of one request. */
export class Holding {
  readonly #pools: readonly Pool[];
  #bytes = 0;

  constructor(pools: readonly Pool[]) {
    this.#pools = pools;
  }

  /** Takes so many more, or answers why there is no room for them. */
  take(bytes: number): Refusal | undefined {
    for (const pool of this.#pools) {
      if (this.#bytes + bytes > pool.bytesMax) return neverFits(pool.bytesMax);
      if (pool.bytes + bytes > pool.bytesMax) return bodiesFull();
    }
    this.give(-bytes);
    return undefined;
  }

  /** Of what was taken, so many are not in memory any more. */
  give(bytes: number): void {
    for (const pool of this.#pools) pool.bytes -= bytes;
    this.#bytes -= bytes;
  }

  /** Called once, when nothing of the request is in memory any more. */
  end(): void {
    this.give(this.#bytes);
  }
}

function bodiesFull(): Refusal {
  const message = "the bodies of other requests take all the memory there is for them; send this again later";
  return new Refusal("BODIES_FULL", message, { retryAfterMs });
}

function neverFits(bytesMax: number): Refusal {
  const message = `the body takes more than ${bytesMax} bytes of memory; send fewer events at a time, or raise heldBytesMax`;
  return new Refusal("CONTENT_TOO_LONG", message);
}
