import type { Alert } from "../../src/core/alert.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import type { Position } from "../../src/core/position.ts";
import type { EventContent, Plan, SimLimits } from "../plan.ts";
import { mischiefOf, type Program, type ProgramResult, runProgram, thrownBy } from "../program.ts";
import { type PlacedRecord, sources, streamName } from "../record-bytes.ts";
import { alertEventOf } from "./alert-event.ts";
import { ModelState, Refusal } from "./model-state.ts";
import { ModelWindows } from "./model-windows.ts";

/** A group of rule errors; `message` only where the rule threw it itself. */
export interface ModelErrorGroup {
  readonly ruleId: string;
  readonly function: string;
  readonly type: string;
  count: number;
  readonly first: ModelOccurrence;
  last: ModelOccurrence;
}

export interface ModelOccurrence {
  readonly timeMs: number;
  readonly position: Position;
  readonly message: string | undefined;
}

export interface ModelTotals {
  events: number;
  bytes: number;
  matches: number;
  alerts: number;
  ruleErrors: number;
  deadLetters: number;
}

/** What was counted between two moments. */
export function differenceOf(later: ModelTotals, earlier: ModelTotals): ModelTotals {
  const difference = { ...later };
  for (const name of Object.keys(difference) as (keyof ModelTotals)[]) difference[name] -= earlier[name];
  return difference;
}

/**
 * What must come of the records, examined one by one: no batches, no cache, no crashes. State and windows are its
 * own, and so is what it knows of mischief; the record's kind is known from the plan. Only the form of an event in an
 * alert is the engine's.
 */
export class Model {
  readonly state: ModelState;
  readonly windows: ModelWindows;
  readonly errors: Map<string, ModelErrorGroup> = new Map();
  /** Every alert that is announced, in order. */
  readonly announced: Alert[] = [];
  readonly deadLetters: PlacedRecord[] = [];
  /** Engine clock of the failures that count, by rule. */
  readonly failures: Map<string, readonly number[]> = new Map();
  readonly suspendedAtMs: Map<string, number> = new Map();
  clockMs = 0;
  /** Records examined. */
  examined = 0;
  totals: Readonly<ModelTotals> = {
    events: 0,
    bytes: 0,
    matches: 0,
    alerts: 0,
    ruleErrors: 0,
    deadLetters: 0,
  };
  readonly limits: SimLimits;
  readonly #plan: Plan;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.limits = plan.settings.limits;
    this.state = new ModelState(plan.settings.limits);
    this.windows = new ModelWindows(plan.settings.limits);
  }

  /**
   * The next record, with the engine clock that it is examined at; the clock itself is checked by who knows the wall
   * clock.
   */
  async examine(record: PlacedRecord, clockMs: number): Promise<void> {
    this.examined += 1;
    this.#count({ bytes: record.bytes.length });
    const { content } = record;
    if (content.kind === "blank") return;
    if (content.kind === "bad") {
      this.deadLetters.push(record);
      this.#count({ deadLetters: 1 });
      return;
    }
    this.#count({ events: 1 });
    this.clockMs = clockMs;
    this.state.moveTo(clockMs);
    for (const alert of this.windows.close(clockMs)) this.#announce(alert);
    for (const program of this.#plan.rules) {
      if (!this.suspendedAtMs.has(program.id)) await this.#evaluate(program, content, record);
    }
  }

  async #evaluate(program: Program, event: EventContent, record: PlacedRecord): Promise<void> {
    const before = structuredClone(this.state.items);
    this.state.beginEvaluation();
    try {
      const { matches, trace } = await this.#run(program, event);
      if (matches) this.#match({ program, event, record, trace });
    } catch (error) {
      this.#fail({ program, record }, "rule", error);
      if (!(error instanceof Refusal) || !heldUpOrEnded.has(error.code)) return;
      this.state.items = before;
      this.#countFailure(program);
    }
  }

  async #run(program: Program, event: EventContent): Promise<ProgramResult> {
    const mischief = mischiefOf(program, event);
    let forgotten = false;
    const result = await runProgram(program, event, {
      helpers: this.state,
      codeOf: (error) => (error instanceof Refusal ? error.code : undefined),
      before: (action) => {
        if (mischief === undefined || action !== Math.min(mischief.after, program.actions.length)) return;
        if (mischief.what === "forget") {
          forgotten = true;
          this.#forget();
        } else if (mischief.what === "throw") throw thrownBy(event);
        else if (mischief.what === "hang") throw new Refusal("RULE_BUDGET_EXCEEDED");
        else if (mischief.what === "end" || mischief.what === "trap") throw new Refusal("RULE_ENDED_LANE");
      },
    });
    if (forgotten) throw new Refusal("STATE_OPERATION_NOT_AWAITED");
    return result;
  }

  /** Nobody waits for the answer, so nobody sees a refusal either. */
  #forget(): void {
    try {
      this.state.incrementCounter("forgotten");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  #match({ program, event, record, trace }: Matched): void {
    this.#count({ matches: 1 });
    if (!program.createAlert) return;
    const title = this.#titleOf(program, event, record);
    const alert = this.windows.add({
      program,
      title,
      dedup: event.user,
      unique: program.unique ? event.value : undefined,
      context: { trace },
      timeMs: event.atMs ?? this.clockMs,
      clockMs: this.clockMs,
      position: positionOf(record),
      event: alertEventOf(record, this.clockMs),
    });
    if (alert === undefined) return;
    this.#count({ alerts: 1 });
    this.#announce(alert);
  }

  #titleOf(program: Program, event: EventContent, record: PlacedRecord): string {
    if (mischiefOf(program, event)?.what === "title") {
      this.#fail({ program, record }, "title", thrownBy(event));
      return program.id;
    }
    if (!program.titleCounts) return event.user;
    try {
      return `${event.user} ${this.state.incrementCounter(`titles-${event.user}`)}`;
    } catch (error) {
      this.#fail({ program, record }, "title", error);
      return program.id;
    }
  }

  #announce(alert: Alert): void {
    if (alert.destinations?.length !== 0) this.announced.push(alert);
  }

  #fail({ program, record }: Failing, functionName: string, error: unknown): void {
    this.#count({ ruleErrors: 1 });
    const type = error instanceof Refusal ? `StakeoutError ${error.code}` : "RangeError";
    const message = error instanceof RangeError ? error.message : undefined;
    const last = { timeMs: this.clockMs, position: positionOf(record), message };
    const key = `${program.id} ${functionName} ${type}`;
    const group = this.errors.get(key) ?? {
      ruleId: program.id,
      function: functionName,
      type,
      count: 0,
      first: last,
      last,
    };
    group.count += 1;
    group.last = last;
    this.errors.set(key, group);
  }

  #countFailure({ id }: Program): void {
    const { suspendAfter, suspendWindowMs } = defaultLimits;
    const counted = [...(this.failures.get(id) ?? []), this.clockMs].filter(
      (failureMs) => failureMs > this.clockMs - suspendWindowMs,
    );
    this.failures.set(id, counted);
    if (counted.length >= suspendAfter) this.suspendedAtMs.set(id, this.clockMs);
  }

  #count(more: Partial<ModelTotals>): void {
    const totals = { ...this.totals };
    for (const name of Object.keys(more) as (keyof ModelTotals)[]) totals[name] += more[name] ?? 0;
    this.totals = totals;
  }
}

/** What the engine makes of rules that hold up or end their lane, of which no operation is kept. */
const heldUpOrEnded: ReadonlySet<string> = new Set(["RULE_BUDGET_EXCEEDED", "RULE_ENDED_LANE"]);

interface Failing {
  readonly program: Program;
  readonly record: PlacedRecord;
}

interface Matched extends Failing {
  readonly event: EventContent;
  readonly trace: string;
}

/** Where a record stands, as the engine names it. */
export function positionOf({ stream, offset }: PlacedRecord): Position {
  const source = sources.find(({ streams }) => (streams as readonly number[]).includes(stream));
  return { source: source?.id ?? "", stream: streamName(stream), offset };
}
