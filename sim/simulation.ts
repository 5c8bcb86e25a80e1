import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { messageOf, StakeoutError } from "../src/core/errors.ts";
import { LaneControl } from "../src/engine/control.ts";
import type { CommittedTotals } from "../src/engine/lane-messages.ts";
import type { LaneCommit, LaneResult } from "../src/engine/lane-parts.ts";
import { Restarts } from "../src/engine/restart.ts";
import { openSqliteStore } from "../src/state/sqlite/sqlite-store.ts";
import type { StateStore } from "../src/state/store.ts";
import { Checker } from "./check/checker.ts";
import { expectSame, Violation } from "./check/violation.ts";
import { createSimLane, type EngineParts, engineParts, limitsOf } from "./lane.ts";
import { type Death, type Injected, Life, Machine } from "./machine/machine.ts";
import { differenceOf, type ModelTotals } from "./model/model.ts";
import { OutputDisk } from "./machine/output-disk.ts";
import type { Received } from "./machine/sim-destination.ts";
import { SimFolder } from "./machine/sim-folder.ts";
import { asksAlone } from "./machine/sim-rules.ts";
import { createSimStore } from "./machine/sim-store.ts";
import { StateDisk } from "./machine/state-disk.ts";
import type { Plan } from "./plan.ts";
import { type PlacedRecord, placeRecords } from "./record-bytes.ts";

/** What came of a simulation. */
export interface Outcome {
  readonly failure: Failure | undefined;
  readonly injected: Injected;
  readonly steps: number;
  readonly commits: number;
  /** Lanes that were started. */
  readonly lives: number;
  readonly records: number;
  readonly announced: number;
  readonly deliveries: number;
  readonly deadLetters: number;
  readonly ruleErrors: number;
  /** Rules that were suspended. */
  readonly suspensions: number;
}

export interface Failure {
  readonly message: string;
  /** Asynchronous steps before it. */
  readonly step: number;
  readonly commit: number;
}

/** Runs a plan through the engine, or through one with a planted bug. The same plan gives the same outcome. */
export async function simulate(plan: Plan, parts: EngineParts = engineParts): Promise<Outcome> {
  const memory = "/dev/shm";
  const root = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), "stakeout-sim-"));
  try {
    return await new Simulation(plan, parts, root).run();
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** One process of the engine: what the main thread knows while lanes come and go. */
interface Process {
  readonly control: LaneControl;
  readonly restarts: Restarts;
  /** What the model had counted before its first lane. */
  before: ModelTotals | undefined;
  /** What its lanes have said is committed. */
  committed: CommittedTotals | undefined;
  /** False once a commit was made that nobody was told of. */
  knowsTotals: boolean;
}

type LifeEnd =
  | { readonly kind: "done"; readonly result: LaneResult }
  | { readonly kind: "failed"; readonly error: unknown }
  | Death;

const earlierLine = '{"note":"somebody else wrote this"}\n';
const ruleBudgetMs = 15_000;
const livesMax = 200;

class Simulation {
  readonly #plan: Plan;
  readonly #parts: EngineParts;
  readonly #records: readonly PlacedRecord[];
  readonly #machine: Machine;
  readonly #output: OutputDisk;
  readonly #disk: StateDisk;
  readonly #alertsPath: string;
  readonly #deadLettersPath: string;
  readonly #received: ReadonlyMap<string, Received[]> = new Map([
    ["pager", []],
    ["archive", []],
  ]);
  readonly #checker: Checker;
  #lives = 0;
  /** The one that the last lane belonged to. */
  #process: Process | undefined;

  constructor(plan: Plan, parts: EngineParts, root: string) {
    this.#plan = plan;
    this.#parts = parts;
    this.#records = placeRecords(plan);
    this.#machine = new Machine(plan);
    this.#output = new OutputDisk(this.#machine);
    this.#disk = new StateDisk(root, this.#machine.chance);
    this.#alertsPath = join(root, "alerts.jsonl");
    this.#deadLettersPath = join(root, "dead-letters.jsonl");
    const before = plan.settings.earlierLines ? earlierLine : "";
    if (before !== "") this.#output.put(this.#alertsPath, before);
    this.#checker = new Checker({
      plan,
      records: this.#records,
      received: this.#received,
      alertsFile: { path: this.#alertsPath, before, read: () => this.#output.read(this.#alertsPath) },
      deadLettersFile: {
        path: this.#deadLettersPath,
        before: "",
        read: () => this.#output.read(this.#deadLettersPath),
      },
    });
  }

  async run(): Promise<Outcome> {
    let failure: Failure | undefined;
    try {
      while (!(await this.#runProcess()));
      await this.#checkEnd();
    } catch (error) {
      const message =
        error instanceof Violation ? error.message : `the simulation failed: ${shownError(error)}`;
      failure = { message, step: this.#machine.step, commit: this.#machine.commits };
    }
    return { failure, ...this.#figures() };
  }

  #figures(): Omit<Outcome, "failure"> {
    const { injected, step: steps, commits } = this.#machine;
    const { model } = this.#checker;
    const { deadLetters, ruleErrors } = model.totals;
    return {
      injected,
      steps,
      commits,
      lives: this.#lives,
      records: model.examined,
      announced: model.announced.length,
      deliveries: [...this.#received.values()].reduce((sum, { length }) => sum + length, 0),
      deadLetters,
      ruleErrors,
      suspensions: model.suspendedAtMs.size,
    };
  }

  /** Runs lanes until the process ends. Answers whether all is done. */
  async #runProcess(): Promise<boolean> {
    const process: Process = {
      control: new LaneControl(),
      restarts: new Restarts(ruleBudgetMs),
      before: undefined,
      committed: undefined,
      knowsTotals: true,
    };
    for (;;) {
      const end = await this.#runLane(process);
      if (end.kind === "done") return !end.result.interrupted;
      if (end.kind !== "lane") return false;
      const { reason } = end;
      const busy = process.control.busy();
      const ruleIds = ["Sim.Clock", ...this.#plan.rules.map(({ id }) => id)];
      const verdict = process.restarts.judge({ busy, ruleIds, reason });
      if (verdict.kind === "give-up") return false;
      if (verdict.kind === "invalid")
        throw new Violation(`a lane died while it loaded ${verdict.problem.file}`);
    }
  }

  async #runLane(process: Process): Promise<LifeEnd> {
    this.#lives += 1;
    if (this.#lives > livesMax)
      throw new Violation(`${livesMax} lanes were started, and the input is not at its end`);
    const life = new Life(this.#machine);
    const { inner, folder } = this.#openState();
    try {
      await this.#checker.check(inner, this.#disk.file);
      this.#checkTotals();
    } catch (error) {
      await inner.close();
      throw error;
    }
    this.#process = process;
    process.before ??= this.#checker.model.totals;
    const { control } = process;
    life.host = {
      stop: () => control.requestStop(),
      fold: folder,
      asksRuleAlone: () => asksAlone(control),
      older: () => this.#disk.makeOlder(),
    };
    const end = await this.#runToItsEnd(life, process, { inner, folder });
    life.dead = true;
    return await this.#cleanUp(end, life, inner);
  }

  async #runToItsEnd(life: Life, process: Process, state: OpenedState): Promise<LifeEnd> {
    const { control, restarts, committed } = process;
    const store = this.#parts.wrapStore(
      createSimStore({
        ...state,
        machine: this.#machine,
        life,
        disk: this.#disk,
        waits: this.#plan.settings.storeWaits,
      }),
    );
    control.endBusy();
    this.#machine.clock.beginLife();
    const lane = createSimLane({
      plan: this.#plan,
      records: this.#records,
      parts: this.#parts,
      machine: this.#machine,
      life,
      lifeNumber: this.#lives,
      store,
      control,
      output: this.#output,
      alertsPath: this.#alertsPath,
      deadLettersPath: this.#deadLettersPath,
      received: this.#received,
      onEvent: ({ stream, offset }, clockMs) =>
        this.#checker.observe(stream, offset, { clockMs, reading: this.#machine.clock.takeReading() }),
      resume: {
        suspects: restarts.suspects,
        blames: restarts.blames,
        committed,
        fileBytes: {},
        stdin: undefined,
      },
      onCommit: (commit) => this.#acknowledge(process, commit),
    });
    const ended = lane.run().then(
      (result): LifeEnd => ({ kind: "done", result }),
      (error: unknown): LifeEnd => ({ kind: "failed", error }),
    );
    // Of a lane that is dead, the end does not count.
    return await Promise.race([life.death, ended.then((end) => (life.dead ? life.death : end))]);
  }

  /** Leaves on the disk what a death of this kind leaves there, and nothing open. */
  async #cleanUp(end: LifeEnd, life: Life, inner: StateStore): Promise<LifeEnd> {
    const close = async (): Promise<void> => await inner.close();
    if (end.kind === "killed" || end.kind === "lane") {
      const powerFailed = end.kind === "killed" && end.powerFailed;
      await this.#disk.crash(powerFailed, close);
      if (powerFailed) this.#output.powerFails();
      return end;
    }
    await close();
    if (end.kind !== "failed" || life.failed) return end;
    const { error } = end;
    // A runtime that died takes its lane along, and the next one takes over.
    if (error instanceof StakeoutError && error.code === "LANE_FAILED")
      return { kind: "lane", reason: error.message };
    throw new Violation(`a lane ended with an error that nothing had caused: ${shownError(error)}`);
  }

  #openState(): OpenedState {
    const { settings } = this.#plan;
    const { foldFromBytes, cacheBytesMax } = settings;
    this.#disk.beforeOpening();
    const folder = new SimFolder({
      file: this.#disk.file,
      chance: this.#machine.chance,
      rate: settings.foldRate,
      fold: this.#parts.fold,
    });
    const inner = openSqliteStore({
      file: this.#disk.file,
      limits: limitsOf(this.#plan),
      foldFromBytes,
      cacheBytesMax,
      createFolder: () => folder,
    });
    return { inner, folder };
  }

  #acknowledge(process: Process, { totals, positions }: LaneCommit): void {
    if (positions.length > 0) process.restarts.progressed();
    process.committed = totals;
    for (const { stream, value } of positions) this.#checker.acknowledge(stream, Number(value["records"]));
  }

  /** What the last process said it had done is what the records make it. */
  #checkTotals(): void {
    const { model, acknowledged } = this.#checker;
    const process = this.#process;
    if (process?.before === undefined || process.committed === undefined) return;
    if (acknowledged !== model.examined) process.knowsTotals = false;
    if (!process.knowsTotals) return;
    const { rules: _rules, limits: _limits, ...told } = process.committed;
    expectSame("what the run says it did", differenceOf(model.totals, process.before), told);
  }

  /** The input has been read to its end: all of it is in the state, and everything has arrived. */
  async #checkEnd(): Promise<void> {
    const { inner } = this.#openState();
    try {
      await this.#checker.check(inner, this.#disk.file);
      this.#checkTotals();
      expectSame("records that were examined", this.#records.length, this.#checker.model.examined);
      const waiting = await inner.listEntries({ kind: "outbox", limit: 1 });
      expectSame("deliveries that wait in the end", 0, waiting.length);
    } finally {
      await inner.close();
    }
  }
}

interface OpenedState {
  readonly inner: StateStore;
  readonly folder: SimFolder;
}

function shownError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
}
