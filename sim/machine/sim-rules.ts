import { StakeoutError } from "../../src/core/errors.ts";
import type { Event } from "../../src/core/event.ts";
import type { Position } from "../../src/core/position.ts";
import type { LaneControl } from "../../src/engine/control.ts";
import type { AuxiliaryFunction, LoadedRule } from "../../src/rules/runtime.ts";
import { currentEvaluation, markEvaluation } from "../../src/state/evaluation.ts";
import * as helpers from "../../src/state/helpers.ts";
import type { EventContent, Mischief } from "../plan.ts";
import { mischiefOf, type Program, type ProgramResult, runProgram, thrownBy } from "../program.ts";
import { logType } from "../record-bytes.ts";
import type { Life } from "./machine.ts";

export interface SimRulesOptions {
  readonly programs: readonly Program[];
  readonly life: Life;
  readonly control: LaneControl;
  /** Rules wait between their operations. */
  readonly wait: boolean;
  /** Told the engine clock of each event before any rule is asked. */
  readonly onEvent: (position: Position, clockMs: number) => void;
}

/** The plan's programs as rules, and before them one that looks at the engine clock. */
export function createSimRules(options: SimRulesOptions): readonly LoadedRule[] {
  const observer = {
    ...ruleOf("Sim.Clock"),
    rule: ({ position }: Event) => {
      options.onEvent(position, currentEvaluation()?.nowMs ?? Number.NaN);
      return false;
    },
  };
  return [observer, ...options.programs.map((program) => createRule(program, options))];
}

function createRule(program: Program, options: SimRulesOptions): LoadedRule {
  const { id, dedupPeriodMs, threshold, createAlert, quiet, unique } = program;
  const run = new ProgramRun(program, options);
  const functions: Partial<Record<AuxiliaryFunction, (event: EventContent) => unknown>> = {
    title: (event) => run.title(event),
    dedup: ({ user }) => user,
    alertContext: () => ({ trace: run.trace }),
    ...(unique ? { unique: ({ value }: EventContent) => value } : {}),
  };
  const base = ruleOf(id);
  const destinations = quiet ? [] : undefined;
  return {
    ...base,
    manifest: { ...base.manifest, dedupPeriodMs, threshold, createAlert, destinations },
    functions: new Set(Object.keys(functions) as AuxiliaryFunction[]),
    rule: (event) => run.rule(contentOf(event)),
    call: (name, event) => functions[name]?.(contentOf(event)),
  };
}

class ProgramRun {
  trace = "";
  readonly #program: Program;
  readonly #options: SimRulesOptions;

  constructor(program: Program, options: SimRulesOptions) {
    this.#program = program;
    this.#options = options;
  }

  async rule(event: EventContent): Promise<boolean> {
    markEvaluation();
    const result: ProgramResult = await runProgram(this.#program, event, {
      helpers,
      before: (action) => this.#before(action, event),
      codeOf: (error) => (error instanceof StakeoutError ? error.code : undefined),
    });
    this.trace = result.trace;
    return result.matches;
  }

  async title(event: EventContent): Promise<string> {
    markEvaluation();
    if (mischiefOf(this.#program, event)?.what === "title") throw thrownBy(event);
    if (!this.#program.titleCounts) return event.user;
    return `${event.user} ${await helpers.incrementCounter(`titles-${event.user}`)}`;
  }

  async #before(action: number, event: EventContent): Promise<void> {
    const { life, wait } = this.#options;
    if (wait) await life.perform("rule", { run: () => undefined });
    const mischief = mischiefOf(this.#program, event);
    if (mischief === undefined || action !== Math.min(mischief.after, this.#program.actions.length)) return;
    await this.#mischief(mischief, event);
  }

  async #mischief({ what }: Mischief, event: EventContent): Promise<void> {
    const { life, control } = this.#options;
    switch (what) {
      case "throw":
        throw thrownBy(event);
      case "forget":
        void helpers.incrementCounter("forgotten");
        return;
      case "trap":
        throw new StakeoutError("LANE_FAILED", "memory access out of bounds");
      case "end":
        await life.die({ kind: "lane", reason: "out of memory" });
        return;
      case "slow":
        // By itself it is quick enough.
        if (asksAlone(control)) return;
        await life.die({ kind: "lane", reason: undefined });
        return;
      case "hang":
        await life.die({ kind: "lane", reason: undefined });
        return;
      case "title":
        return;
    }
  }
}

/** Whether the lane asks one rule by itself. */
export function asksAlone(control: LaneControl): boolean {
  const busy = control.busy();
  return busy?.kind === "evaluating" && busy.rule !== undefined;
}

function contentOf(event: Event): EventContent {
  return event.fields as unknown as EventContent;
}

function ruleOf(id: string): LoadedRule {
  return {
    manifest: {
      id,
      displayName: undefined,
      dedupPeriodMs: 60_000,
      threshold: 1,
      createAlert: true,
      tags: [],
      reports: {},
      summaryAttributes: [],
      logTypes: [logType],
      enabled: true,
      severity: "low",
      description: "",
      reference: "",
      runbook: "",
      destinations: undefined,
      file: `/rules/${id}.ts`,
      line: 1,
    },
    functions: new Set(),
    usesStandardFields: false,
    rule: () => false,
    call: () => undefined,
  };
}
