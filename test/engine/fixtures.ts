import { createAlertBook } from "../../src/alerts/book.ts";
import { createOutbox } from "../../src/alerts/outbox.ts";
import { type RemoteDelivery, RemoteOutbox } from "../../src/alerts/remote-outbox.ts";
import type { AlertRouting } from "../../src/alerts/routing.ts";
import { createRuleErrorBook } from "../../src/alerts/rule-errors.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import type { StreamPosition } from "../../src/core/position.ts";
import type { RecordChunk } from "../../src/core/record.ts";
import { Signal } from "../../src/core/signal.ts";
import type { CommittedFile, Delivery, Destination } from "../../src/destinations/destination.ts";
import { AlertOutputs } from "../../src/engine/alert-outputs.ts";
import { LaneControl } from "../../src/engine/control.ts";
import type { LaneInput } from "../../src/engine/inputs.ts";
import type { LaneParts } from "../../src/engine/lane-parts.ts";
import { Lane } from "../../src/engine/lane.ts";
import { SuspensionBook } from "../../src/engine/suspensions.ts";
import { loadLogTypes } from "../../src/parsers/log-types.ts";
import { createParser } from "../../src/parsers/parser.ts";
import type { LoadedRule } from "../../src/rules/runtime.ts";
import type { PositionReader, Source } from "../../src/sources/source.ts";
import { Evaluation } from "../../src/state/evaluation.ts";
import { createMemoryStore } from "../../src/state/memory/memory-store.ts";
import type { Commit, Entry, Item, StateStore } from "../../src/state/store.ts";

/** 2026-01-01T00:00:00Z */
export const startMs: number = Date.UTC(2026, 0, 1);

const { logTypes } = loadLogTypes([]);

/** A CloudTrail event as a line of JSON, `seconds` after `startMs`. */
export function cloudTrail(seconds: number, fields: JsonObject = {}): string {
  return JSON.stringify({
    eventVersion: "1.08",
    eventTime: new Date(startMs + seconds * 1000).toISOString(),
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    ...fields,
  });
}

/** A clock that stands years after every event, so that it never holds the engine clock back. */
export const farClock: Clock = { nowMs: () => startMs + 1e12, monotonicMs: () => 0 };

/** Records of one stream, handed out in chunks of `chunkRecords`; positions are record numbers. */
export class ListSource implements Source {
  readonly id: string;
  readonly label = "list";
  readonly #records: readonly string[];
  readonly #chunkRecords: number;
  #next = 0;

  constructor(records: readonly string[], chunkRecords = 7, id = "list") {
    this.id = id;
    this.#records = records;
    this.#chunkRecords = chunkRecords;
  }

  find(): void {}

  async open(positionOf: PositionReader): Promise<void> {
    this.#next = Number((await positionOf("only"))?.["next"] ?? 0);
  }

  read(): RecordChunk | undefined {
    const first = this.#next;
    const records = this.#records.slice(first, first + this.#chunkRecords);
    if (records.length === 0) return undefined;
    this.#next += records.length;
    const lines = records.map((record) => Buffer.from(record));
    const starts = new Uint32Array(lines.length);
    const ends = new Uint32Array(lines.length);
    let end = 0;
    for (const [index, line] of lines.entries()) {
      starts[index] = end;
      end += line.length;
      ends[index] = end;
    }
    return {
      source: this.id,
      stream: "only",
      bytes: Buffer.concat(lines),
      count: lines.length,
      starts,
      ends,
      baseOffset: Buffer.byteLength(this.#records.slice(0, first).join("")),
      faults: undefined,
      positionAfter: (count) => ({ next: first + count }),
    };
  }

  progress(): { bytesRead: number; bytesTotal: undefined } {
    return { bytesRead: this.#next, bytesTotal: undefined };
  }

  close(): void {}
}

/** A source that has no end: records come when a test gives them, each in a chunk of its own. */
export class FedSource implements Source {
  readonly id: string;
  readonly label = "fed";
  readonly #given: string[] = [];
  readonly #news = new Signal();
  #next = 0;
  #error: Error | undefined;
  #closed = false;

  constructor(id: string) {
    this.id = id;
  }

  give(...records: readonly string[]): void {
    this.#given.push(...records);
    this.#news.raise();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#news.raise();
  }

  find(): void {}

  open(): void {}

  async read(): Promise<RecordChunk | undefined> {
    while (this.#given.length === 0 && !this.#closed && this.#error === undefined) await this.#news.wait();
    if (this.#error !== undefined) throw this.#error;
    const record = this.#given.shift();
    if (record === undefined) return undefined;
    const bytes = Buffer.from(record);
    const first = this.#next++;
    return {
      source: this.id,
      stream: "only",
      bytes,
      count: 1,
      starts: Uint32Array.of(0),
      ends: Uint32Array.of(bytes.length),
      baseOffset: first,
      faults: undefined,
      positionAfter: (count) => ({ next: first + count }),
    };
  }

  progress(): { bytesRead: number; bytesTotal: undefined } {
    return { bytesRead: this.#next, bytesTotal: undefined };
  }

  close(): void {
    this.#closed = true;
    this.#news.raise();
  }
}

/** What survives a crash: what commits and synced files left behind, and how many operations until the next crash. */
export class Disk {
  readonly files: Map<string, string> = new Map();
  readonly delivered: Delivery[] = [];
  readonly items: Map<string, Item> = new Map();
  readonly entries: Map<string, Entry> = new Map();
  readonly positions: Map<string, StreamPosition> = new Map();
  clockMs = 0;
  /** Operations on the disk until the process dies; each operation dies once before and once after its effect. */
  stepsLeft: number = Number.POSITIVE_INFINITY;

  /** Dies here when it is time to. */
  step(): void {
    if (this.stepsLeft <= 0) throw new Crash();
    this.stepsLeft -= 1;
  }
}

export class Crash extends Error {}

/** A memory store that starts from a disk and writes what it commits to it. */
export async function diskStore(disk: Disk): Promise<StateStore> {
  const store = createMemoryStore();
  for (const item of disk.items.values()) await store.putItem(item);
  const restored = { clockMs: disk.clockMs, positions: [...disk.positions.values()] };
  await store.commit({ ...restored, entries: [...disk.entries.values()] });
  const commit = async (batch: Commit): Promise<void> => {
    disk.step();
    await store.commit(batch);
    disk.clockMs = batch.clockMs;
    for (const position of batch.positions) {
      disk.positions.set(`${position.source}\n${position.stream}`, position);
    }
    for (const { kind, key, value } of batch.entries) {
      if (value === undefined) disk.entries.delete(`${kind}\n${key}`);
      else disk.entries.set(`${kind}\n${key}`, { kind, key, value: structuredClone(value) });
    }
    disk.items.clear();
    for (const item of await store.listItems({ limit: 1e6, nowMs: batch.clockMs }))
      disk.items.set(item.key, item);
    disk.step();
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "commit") return commit;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A file on that disk. A crash while lines are appended leaves only the first half of them. */
function diskFile(disk: Disk, path: string): CommittedFile {
  let committed = 0;
  return {
    path,
    open: (committedBytes) => {
      const there = disk.files.get(path) ?? "";
      committed = Math.min(committedBytes ?? there.length, there.length);
      disk.files.set(path, there.slice(0, committed));
      return { bytes: committed };
    },
    append: (lines) => {
      const before = disk.files.get(path) ?? "";
      const added = lines.join("");
      disk.files.set(path, before + added.slice(0, added.length / 2));
      disk.step();
      disk.files.set(path, before + added);
      disk.step();
      return before.length + added.length;
    },
    close: () => undefined,
  };
}

function diskDestination(disk: Disk): Destination {
  return {
    name: "receiver",
    deliver: (deliveries) => {
      disk.step();
      disk.delivered.push(...deliveries);
      disk.step();
    },
    close: () => undefined,
  };
}

export interface LaneFixture {
  readonly records: readonly string[];
  readonly rules: readonly LoadedRule[];
  readonly disk?: Disk;
  readonly chunkRecords?: number;
  readonly parts?: Partial<LaneParts>;
  /** Parts that need the store. */
  readonly partsOf?: (store: StateStore) => Partial<LaneParts>;
}

/** A lane over records in memory, committing after every chunk. */
export async function createLane(
  fixture: LaneFixture,
): Promise<{ lane: Lane; disk: Disk; control: LaneControl; parts: LaneParts }> {
  const { records, rules, disk = new Disk(), chunkRecords, parts: overrides = {}, partsOf } = fixture;
  const store = await diskStore(disk);
  const limits = defaultLimits;
  const destinations = [diskDestination(disk)];
  const control = new LaneControl();
  const parts: LaneParts = {
    inputs: [inputOf(new ListSource(records, chunkRecords))],
    rules,
    store,
    evaluation: new Evaluation(store, limits),
    alertBook: createAlertBook({ store, limits }),
    ruleErrorBook: createRuleErrorBook({ store, limits }),
    suspensions: new SuspensionBook({ store, limits, rules }),
    outputs: new AlertOutputs({
      files: [{ name: "alerts", file: diskFile(disk, "alerts") }],
      destinations,
      outbox: createOutbox({ store, destinations }),
      remote: undefined,
      routing: undefined,
      clock: farClock,
    }),
    deadLettersFile: diskFile(disk, "dead-letters"),
    clock: farClock,
    control,
    warn: () => undefined,
    batch: { latencyMs: 0, bytesMax: 0 },
    ...overrides,
    ...partsOf?.(store),
  };
  return { lane: new Lane(parts), disk, control, parts };
}

/** An input of such a source, for `parts.inputs`. */
export function inputOf(source: Source): LaneInput {
  return { source, parser: createParser({ logTypes, limits: defaultLimits, sourceLabel: source.label }) };
}

export interface RemoteFixture {
  /** Where deliveries go by way of `handOver`. Default: one, `remote`. */
  readonly names?: readonly string[];
  readonly handOver: (deliveries: readonly RemoteDelivery[]) => void;
  readonly routing?: AlertRouting;
}

/** The outputs of a service: a file on the disk, and destinations whose deliveries somebody else makes. */
export function remoteOutputs(store: StateStore, disk: Disk, remote: RemoteFixture): AlertOutputs {
  const { names = ["remote"], handOver, routing } = remote;
  return new AlertOutputs({
    files: [{ name: "alerts", file: diskFile(disk, "alerts") }],
    destinations: [],
    outbox: createOutbox({ store, destinations: [] }),
    remote: { names, outbox: new RemoteOutbox(store, names), handOver },
    routing,
    clock: farClock,
  });
}

/** The lines of a file on the disk, parsed. */
export function linesOf(disk: Disk, path: string): readonly Record<string, unknown>[] {
  return (disk.files.get(path) ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
