import { ownerChecks } from "../../src/cli/state-check-entries.ts";
import { checkStateFile } from "../../src/state/sqlite/check.ts";
import type { StateStore } from "../../src/state/store.ts";
import { limitsOf } from "../lane.ts";
import { Model, positionOf } from "../model/model.ts";
import type { WallReading } from "../machine/sim-clock.ts";
import type { Received } from "../machine/sim-destination.ts";
import type { Plan } from "../plan.ts";
import { type PlacedRecord, sources, streamName } from "../record-bytes.ts";
import { checkDeliveries } from "./deliveries.ts";
import { checkOutput, type OutputFile } from "./output.ts";
import { checkState } from "./state.ts";
import { expectSame, Violation } from "./violation.ts";

/** What the engine took for the time when it examined a record the last time. */
export interface Observation {
  readonly clockMs: number;
  readonly reading: WallReading;
}

export interface CheckerOptions {
  readonly plan: Plan;
  /** In the order in which they are read. */
  readonly records: readonly PlacedRecord[];
  readonly received: ReadonlyMap<string, readonly Received[]>;
  readonly alertsFile: OutputFile;
  readonly deadLettersFile: OutputFile;
}

/** Compares what is left after a death, or in the end, with the model. */
export class Checker {
  readonly model: Model;
  readonly #options: CheckerOptions;
  readonly #observations = new Map<string, Observation>();
  /** Records by stream that a commit was acknowledged for. */
  readonly #acknowledged = new Map<string, number>();

  constructor(options: CheckerOptions) {
    this.#options = options;
    this.model = new Model(options.plan);
  }

  /** Called each time an event is examined, before the rules are asked about it. */
  observe(stream: string, offset: number, observation: Observation): void {
    this.#observations.set(`${stream}:${offset}`, observation);
  }

  /** Called when a commit says that so many records of a stream are done for good. */
  acknowledge(stream: string, records: number): void {
    this.#acknowledged.set(stream, records);
  }

  /** Records that commits said are done for good. */
  get acknowledged(): number {
    return [...this.#acknowledged.values()].reduce((sum, count) => sum + count, 0);
  }

  /**
   * Throws a `Violation` where the state, or anything that goes with it, is not what the records up to its position
   * make it.
   */
  async check(store: StateStore, file: string): Promise<void> {
    checkFile(file, this.#options.plan);
    const { received, alertsFile, deadLettersFile } = this.#options;
    const examined = await this.#progressOf(store);
    if (examined < this.acknowledged) {
      throw new Violation(`${this.acknowledged} records were committed, and only ${examined} still are`);
    }
    await this.#advance(examined);
    expectSame("the engine clock", this.model.clockMs, store.clockMs);
    await checkState(this.model, store);
    await checkOutput(this.model, store, { alertsFile, deadLettersFile });
    for (const [name, deliveries] of received) {
      await checkDeliveries(this.model.announced, store, { name, deliveries });
    }
  }

  /** Records that the state knows of; they must be the first ones. */
  async #progressOf(store: StateStore): Promise<number> {
    const counts = new Map<number, number>();
    let examined = 0;
    for (const { id, streams } of sources) {
      for (const stream of streams) {
        const count = Number((await store.readPosition(id, streamName(stream)))?.["records"] ?? 0);
        counts.set(stream, count);
        examined += count;
      }
    }
    for (const [stream, count] of counts) {
      const before = this.#options.records.slice(0, examined).filter((record) => record.stream === stream);
      expectSame(`the position in ${streamName(stream)}`, before.length, count);
    }
    return examined;
  }

  async #advance(examined: number): Promise<void> {
    for (const record of this.#options.records.slice(this.model.examined, examined)) {
      await this.model.examine(record, this.#clockAt(record));
    }
  }

  /** The engine clock at a record: what the engine took, once it is known to be what the rule for it allows. */
  #clockAt(record: PlacedRecord): number {
    const { content } = record;
    if (content.kind !== "event") return this.model.clockMs;
    const { stream, offset } = positionOf(record);
    const observation = this.#observations.get(`${stream}:${offset}`);
    if (observation === undefined)
      throw new Violation(`event ${content.n} was committed without having been examined`);
    const { clockMs, reading } = observation;
    const cappedMs = Math.min(content.atMs ?? Number.NEGATIVE_INFINITY, reading.wallMs);
    expectSame(`the engine clock at event ${content.n}`, Math.max(this.model.clockMs, cappedMs), clockMs);
    if (content.atMs !== undefined && content.atMs > clockMs && !reading.fresh) {
      throw new Violation(`event ${content.n} was held back by an old reading of the wall clock`);
    }
    return clockMs;
  }
}

/** The engine's own look for damage. Positions are not its sources' but the simulation's. */
function checkFile(file: string, plan: Plan): void {
  const owners = { ...ownerChecks, position: () => undefined };
  const { problems } = checkStateFile({ file, limits: limitsOf(plan), owners, problemsMax: 1 });
  const [problem] = problems;
  if (problem !== undefined)
    throw new Violation(`the state file is damaged: ${problem.where} ${problem.message}`);
}
