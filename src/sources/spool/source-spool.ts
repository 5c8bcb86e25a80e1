import { messageOf, StakeoutError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { buildFrame, frameBytesOf, shortHash, type StoredKey } from "./frame.ts";
import { SpoolLink } from "./link.ts";
import { fromStored } from "./position.ts";
import { type Recovered, type RecoverOptions, recoverStream } from "./recover.ts";
import { streamName } from "./segment.ts";
import type { NewFrame } from "./segments.ts";
import type { SpoolBacklog, SpoolEntry, SpoolReceipt } from "./spool.ts";

export interface SourceSpoolOptions extends RecoverOptions {
  readonly backlogBytesMax: number;
  /** Called when something was stored. */
  readonly onAppended: () => void;
}

/** A frame with somebody waiting for it. */
interface Waiting extends NewFrame {
  readonly receipt: PromiseWithResolvers<SpoolReceipt>;
}

/** The spool of one source. */
export class SourceSpool {
  readonly link: SpoolLink = new SpoolLink();
  readonly #options: SourceSpoolOptions;
  readonly #stream: string;
  readonly #backlog: Recovered["backlog"];
  readonly #segments: Recovered["segments"];
  readonly #queue: Waiting[] = [];
  /** Requests with a key that wait, by key. */
  readonly #pending = new Map<string, { readonly digest: string; readonly receipt: Promise<SpoolReceipt> }>();
  /** Bytes in the queue and in the write under way. */
  #pendingBytes = 0;
  #isWorking = false;
  #tidyDue = true;
  #tidyFails = false;
  #working: Promise<void> = Promise.resolve();
  #closed = false;

  /** Throws what `fs` and `files` throw. */
  static async open(options: SourceSpoolOptions): Promise<SourceSpool> {
    const spool = new SourceSpool(options, await recoverStream(options));
    spool.#work();
    await spool.#working;
    return spool;
  }

  constructor(options: SourceSpoolOptions, recovered: Recovered) {
    this.#options = options;
    this.#backlog = recovered.backlog;
    this.#segments = recovered.segments;
    this.#stream = streamName(recovered);
    this.link.durableEnd = recovered.segments.end.offset;
  }

  append({ records, idempotencyKey, digest }: SpoolEntry): Promise<SpoolReceipt> {
    if (this.#closed) return Promise.reject(this.#unwritable("the service is stopping"));
    const { bytes, count } = frameBytesOf(records);
    if (count === 0) return Promise.resolve({ kind: "stored", records: 0 });
    const storedMs = this.#options.clock.nowMs();
    const stored =
      idempotencyKey === undefined
        ? undefined
        : { key: shortHash(idempotencyKey), digest: shortHash(digest), records: count, storedMs };
    const known = stored === undefined ? undefined : this.#known(stored);
    if (known !== undefined) return known;
    const excess =
      this.#waitingBytes() === 0 ? 0 : this.#waitingBytes() + bytes - this.#options.backlogBytesMax;
    if (excess > 0)
      return Promise.resolve({ kind: "full", retryAfterMs: this.#backlog.retryAfterMs(excess) });
    return this.#enqueue({ bytes: buildFrame(records, stored), records: count, storedMs, stored });
  }

  committed(stream: string, position: JsonObject): void {
    if (stream !== this.#stream || this.#closed) return;
    this.#backlog.committed(fromStored(stream, position));
    if (!this.#segments.isUntidy(this.#backlog.committedOffset)) return;
    this.#tidyDue = true;
    this.#work();
  }

  backlog(): SpoolBacklog {
    this.#backlog.committed(this.link.resumedAt);
    return this.#backlog.read();
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
    await this.#segments.close();
  }

  /** The receipt of a request whose key is known; `undefined` for a new one. */
  #known({ key, digest, storedMs }: StoredKey): Promise<SpoolReceipt> | undefined {
    const pending = this.#pending.get(key);
    if (pending !== undefined) {
      return pending.digest === digest ? pending.receipt : Promise.resolve({ kind: "key-reused" });
    }
    const found = this.#options.keys.known.find(key, storedMs);
    if (found === undefined) return undefined;
    return Promise.resolve(
      found.digest === digest ? { kind: "repeated", records: found.records } : { kind: "key-reused" },
    );
  }

  #waitingBytes(): number {
    return this.backlog().bytes + this.#pendingBytes;
  }

  #enqueue(frame: NewFrame): Promise<SpoolReceipt> {
    const receipt = Promise.withResolvers<SpoolReceipt>();
    this.#queue.push({ ...frame, receipt });
    this.#pendingBytes += frame.bytes.length;
    const { stored } = frame;
    if (stored !== undefined)
      this.#pending.set(stored.key, { digest: stored.digest, receipt: receipt.promise });
    this.#work();
    return receipt.promise;
  }

  #work(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#working = this.#run();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 || this.#tidyDue) {
      const group = this.#takeGroup();
      this.#tidyDue = false;
      if (group.length > 0) await this.#store(group);
      await this.#tidy();
    }
    this.#isWorking = false;
  }

  /** Everything that waits, but no more than makes a segment. */
  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && bytes < this.#options.segmentBytes) {
      bytes += this.#queue[count]?.bytes.length ?? 0;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #store(group: readonly Waiting[]): Promise<void> {
    const failure = await this.#segments.append(group).then(
      () => undefined,
      (error: unknown) => this.#unwritable(error),
    );
    for (const { bytes, stored } of group) {
      this.#pendingBytes -= bytes.length;
      if (stored === undefined) continue;
      this.#pending.delete(stored.key);
      if (failure === undefined) this.#options.keys.known.add(stored);
    }
    if (failure === undefined) this.#taken(group);
    for (const { receipt, records } of group) {
      if (failure === undefined) receipt.resolve({ kind: "stored", records });
      else receipt.reject(failure);
    }
  }

  #taken(group: readonly Waiting[]): void {
    const { end } = this.#segments;
    this.#backlog.stored(end, group[0]?.storedMs ?? 0);
    this.link.durableEnd = end.offset;
    this.#options.onAppended();
  }

  /** What fails here is tried again with the next commit, and nobody waits for it. */
  async #tidy(): Promise<void> {
    const { committedOffset } = this.#backlog;
    if (!this.#segments.isUntidy(committedOffset)) return;
    try {
      await this.#segments.tidy(committedOffset, this.#options.clock.nowMs());
      this.#tidyFails = false;
    } catch (error) {
      const { folder, warn } = this.#options;
      // Told once until it works again: commits come several times a second.
      if (!this.#tidyFails)
        warn(`Cannot delete in ${folder} what is not needed any more: ${messageOf(error)}.`);
      this.#tidyFails = true;
    }
  }

  #unwritable(why: unknown): StakeoutError {
    return unwritable(this.#options.folder, why);
  }
}

/** Says that events cannot be stored. */
export function unwritable(folder: string, why: unknown): StakeoutError {
  const code = why instanceof Error && "code" in why ? why.code : undefined;
  const reason =
    code === "ENOSPC" || code === "EDQUOT"
      ? "the disk is full; make room"
      : typeof why === "string"
        ? why
        : messageOf(why);
  return new StakeoutError("SPOOL_UNWRITABLE", `Cannot store events in ${folder}: ${reason}.`, {
    fields: { folder },
    cause: why,
  });
}
