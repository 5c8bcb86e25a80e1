import type { RecordChunk, RecordFault } from "../../src/core/record.ts";
import type { PositionReader, Source, SourceProgress } from "../../src/sources/source.ts";
import { type PlacedRecord, streamName } from "../record-bytes.ts";
import type { Life, Machine } from "./machine.ts";

/** How often the next records are a while in coming, and how long: longer than any batch may take. */
const slowRate = 0.05;
const slowMs = 1000;

export interface SimSourceOptions {
  readonly id: string;
  readonly streams: readonly number[];
  /** Of these streams, in the order in which they are read. */
  readonly records: readonly PlacedRecord[];
  readonly chunkRecordsMax: number;
  readonly machine: Machine;
  readonly life: Life;
  /** Told how many records were handed out, those before a restart included. */
  readonly onHandedOut: (records: number) => void;
}

/**
 * Records of some streams in a fixed order, in chunks whose sizes differ from life to life. A chunk's bytes are
 * overwritten when the next is asked for, as the contract allows.
 */
export class SimSource implements Source {
  readonly id: string;
  readonly label: string;
  readonly #options: SimSourceOptions;
  #next = 0;
  #last: Buffer = Buffer.alloc(0);

  constructor(options: SimSourceOptions) {
    this.id = options.id;
    this.label = options.id;
    this.#options = options;
  }

  find(): void {}

  async open(positionOf: PositionReader): Promise<void> {
    for (const stream of this.#options.streams) {
      const position = await positionOf(streamName(stream));
      this.#next += Number(position?.["records"] ?? 0);
    }
  }

  read(): ReturnType<Source["read"]> {
    const { life, machine } = this.#options;
    // A slow source makes the lane commit what it has before the next record comes.
    if (!life.uncommitted || !machine.chance.happens(slowRate)) return this.#read();
    machine.clock.pass(slowMs);
    return life.nextCommit.then(() => this.#read());
  }

  progress(): SourceProgress {
    return { bytesRead: this.#next, bytesTotal: undefined };
  }

  close(): void {}

  #read(): ReturnType<Source["read"]> {
    return this.#options.life.perform("read", { mayFail: true, run: () => this.#chunk() });
  }

  #chunk(): RecordChunk | undefined {
    this.#last.fill("#");
    const { records, machine, chunkRecordsMax } = this.#options;
    const first = records[this.#next];
    if (first === undefined) return undefined;
    const most = machine.chance.between(1, chunkRecordsMax);
    const chunk: PlacedRecord[] = [];
    for (const record of records.slice(this.#next, this.#next + most)) {
      if (record.stream !== first.stream) break;
      chunk.push(record);
    }
    const before = records.slice(0, this.#next).filter(({ stream }) => stream === first.stream).length;
    this.#next += chunk.length;
    this.#options.life.uncommitted = true;
    this.#options.onHandedOut(this.#next);
    return this.#toChunk(chunk, first, before);
  }

  #toChunk(records: readonly PlacedRecord[], first: PlacedRecord, before: number): RecordChunk {
    const bytes = Buffer.concat(records.flatMap((record) => [record.bytes, Buffer.from("\n")]));
    this.#last = bytes;
    const starts = Uint32Array.from(records, ({ offset }) => offset - first.offset);
    const faults = new Map<number, RecordFault>();
    for (const [index, { fault }] of records.entries()) if (fault !== undefined) faults.set(index, fault);
    return {
      source: this.id,
      stream: streamName(first.stream),
      bytes,
      count: records.length,
      starts,
      ends: Uint32Array.from(records, (record, index) => (starts[index] ?? 0) + record.bytes.length),
      baseOffset: first.offset,
      faults: faults.size === 0 ? undefined : faults,
      positionAfter: (count) => ({ records: before + count }),
    };
  }
}
