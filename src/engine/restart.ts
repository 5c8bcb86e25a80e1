import type { Problem } from "../core/errors.ts";
import type { Position } from "../core/position.ts";
import type { Busy } from "./control.ts";

/** A record on which a lane died, no one knows why: the next lane goes through its rules one by one. */
export interface Suspect {
  readonly position: Position;
  /** True when it took longer than the budget; the rules together may have, none of them alone. */
  readonly slow: boolean;
}

/** A rule that must not look at this record again. */
export interface Blame {
  readonly position: Position;
  readonly ruleId: string;
  readonly code: "RULE_BUDGET_EXCEEDED" | "RULE_ENDED_LANE";
  /** What the rule did, as the end of a sentence. */
  readonly did: string;
}

/** How a lane ended that was not meant to. */
export interface LaneDeath {
  /** What it was busy with; `undefined` for work of the engine itself. */
  readonly busy: Busy | undefined;
  /** Ids of all rules by their number; empty when it ended before they were loaded. */
  readonly ruleIds: readonly string[];
  /** What ended it, in a few words; `undefined` when it was ended for exceeding the budget. */
  readonly reason: string | undefined;
  /** The budget that it exceeded, where the rule has one of its own. */
  readonly budgetMs?: number;
}

/** What to do about a lane that died. */
export type Verdict =
  /** Start it again from the last commit, and tell people why. */
  | { readonly kind: "restart"; readonly warning: string }
  /** A file cannot be loaded. */
  | { readonly kind: "invalid"; readonly problem: Problem }
  /** It will not get any further. */
  | { readonly kind: "give-up"; readonly message: string };

/** Lanes that may die one after another with nothing committed and no rule found to blame. */
const fruitlessMax = 5;

/** Keeps account of why lanes of one run died, and decides how to go on. Lives in the main thread, as long as the run. */
export class Restarts {
  readonly suspects: Suspect[] = [];
  readonly blames: Blame[] = [];
  readonly #budgetMs: number;
  #fruitless = 0;

  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs;
  }

  /** Called when a lane has committed records. */
  progressed(): void {
    this.#fruitless = 0;
  }

  judge(death: LaneDeath): Verdict {
    const { busy } = death;
    if (busy?.kind === "loading") return { kind: "invalid", problem: this.#loadProblem(busy.file, death) };
    const ruleId = busy?.rule === undefined ? undefined : death.ruleIds[busy.rule];
    if (busy !== undefined && ruleId !== undefined) return this.#blame(busy.position, ruleId, death);
    this.#fruitless += 1;
    const why = death.reason ?? `one event took longer than the rule budget of ${this.#budget}`;
    if (this.#fruitless > fruitlessMax) return { kind: "give-up", message: this.#giveUpMessage(why) };
    if (busy !== undefined) this.suspects.push({ position: busy.position, slow: death.reason === undefined });
    const next =
      busy === undefined ? "" : ", and asks the rules about that event one by one to find out which";
    return {
      kind: "restart",
      warning: `The lane was ended (${why}). It starts again from the last commit${next}.`,
    };
  }

  #blame(position: Position, ruleId: string, { reason, budgetMs = this.#budgetMs }: LaneDeath): Verdict {
    this.#fruitless = 0;
    const did =
      reason === undefined
        ? `took longer than its budget of ${budgetMs / 1000} s`
        : `ended the lane (${reason})`;
    this.blames.push({
      position,
      ruleId,
      code: reason === undefined ? "RULE_BUDGET_EXCEEDED" : "RULE_ENDED_LANE",
      did,
    });
    const at = `the event at ${position.stream} offset ${position.offset}`;
    return {
      kind: "restart",
      warning: `Rule ${ruleId} ${did} on ${at}. The lane starts again from the last commit without asking it about that event.`,
    };
  }

  #loadProblem(file: string, { reason }: LaneDeath): Problem {
    const message =
      reason === undefined
        ? `has not finished loading after ${this.#budget}; look for a loop outside the functions of the rule`
        : `ended the lane while it was loaded (${reason})`;
    return { file, line: 0, message };
  }

  #giveUpMessage(why: string): string {
    return (
      `The lane was ended ${this.#fruitless} times without getting any further; the last time: ${why}. ` +
      "What was committed before is kept."
    );
  }

  get #budget(): string {
    return `${this.#budgetMs / 1000} s`;
  }
}

/** What earlier lanes of a run met, as the lane that goes on asks for it. */
export class KnownRecords {
  readonly #suspects = new Map<number, Suspect[]>();
  readonly #blames: readonly Blame[];

  constructor(suspects: readonly Suspect[] = [], blames: readonly Blame[] = []) {
    this.#blames = blames;
    const blamed = blames.map(({ position }) => ({ position, slow: false }));
    for (const suspect of [...suspects, ...blamed]) {
      const { offset } = suspect.position;
      this.#suspects.set(offset, [...(this.#suspects.get(offset) ?? []), suspect]);
    }
  }

  /** The record as one to be careful with; `undefined` for all others, which are nearly all. */
  suspect(position: Position): Suspect | undefined {
    if (this.#suspects.size === 0) return undefined;
    return this.#suspects.get(position.offset)?.find((known) => isSame(known.position, position));
  }

  /** True when a rule is to blame for the death of a lane on this record. */
  isBlamed(position: Position): boolean {
    return this.#blames.some((known) => isSame(known.position, position));
  }

  /** Why a rule must not look at a record. */
  blame(position: Position, ruleId: string): Blame | undefined {
    return this.#blames.find((known) => known.ruleId === ruleId && isSame(known.position, position));
  }
}

function isSame(left: Position, right: Position): boolean {
  return left.offset === right.offset && left.stream === right.stream && left.source === right.source;
}
