import { StakeoutError } from "../core/errors.ts";
import type { Position } from "../core/position.ts";
import { createRouter } from "../rules/router.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import type { LaneControl } from "./control.ts";
import type { KnownRecords } from "./restart.ts";
import { createRoutes, type Routes } from "./routes.ts";
import type { SuspensionBook } from "./suspensions.ts";

export interface RuleGuardParts {
  /** All rules in their fixed order. */
  readonly rules: readonly LoadedRule[];
  /** Told what rules are at, for the main thread to see; asked before each record whether to stop. */
  readonly control: LaneControl;
  /** Records on which earlier lanes of this run died. */
  readonly knownRecords: KnownRecords;
  readonly suspensions: SuspensionBook;
}

/**
 * What a lane does about rules that may hold it up or end it: it tells the main thread what they are at, asks them one by
 * one where an earlier lane died, and leaves out those that are to blame or suspended.
 */
export class RuleGuard {
  /** Without suspended rules. */
  readonly routes: Routes = { of: (logType) => this.#currentRoutes().of(logType) };
  readonly #parts: RuleGuardParts;
  readonly #warn: (message: string) => void;
  readonly #numbers: ReadonlyMap<LoadedRule, number>;
  #routes: Routes | undefined;
  /** Version of the suspensions that the routes were made for. */
  #version = 0;
  #alwaysCareful = false;

  /** `warn` takes sentences for people. */
  constructor(parts: RuleGuardParts, warn: (message: string) => void) {
    this.#parts = parts;
    this.#warn = warn;
    this.#numbers = new Map(parts.rules.map((rule, number) => [rule, number]));
  }

  /** Whether the rules must be asked about this record one by one. */
  isCareful(position: Position): boolean {
    return this.#alwaysCareful || this.#parts.knownRecords.suspect(position) !== undefined;
  }

  /** The rules to ask one by one, in their fixed order; those to blame for an earlier death are among them. */
  rulesFor(logType: string): readonly LoadedRule[] {
    return createRouter(this.#askedRules()).rulesFor(logType);
  }

  /** Called before a rule is asked by itself. */
  beginRule(rule: LoadedRule): void {
    this.#parts.control.beginRule(this.#numbers.get(rule) ?? 0);
  }

  /** Why a rule must not look at a record; `undefined` for one that may. */
  refusal(position: Position, rule: LoadedRule): StakeoutError | undefined {
    const ruleId = rule.manifest.id;
    const blame = this.#parts.knownRecords.blame(position, ruleId);
    if (blame === undefined) return undefined;
    const message = `Rule ${ruleId} ${blame.did}. Nothing that it did is kept, and it is not asked about this event again.`;
    return new StakeoutError(blame.code, message, { fields: { rule: ruleId } });
  }

  /** Called with every rule that was refused a record; too many of them suspend it. */
  refused(position: Position, rule: LoadedRule, clockMs: number): void {
    const { knownRecords, suspensions } = this.#parts;
    const did = knownRecords.blame(position, rule.manifest.id)?.did ?? "";
    const news = suspensions.record(rule, clockMs, did);
    if (news !== undefined) this.#warn(news);
  }

  /** Called when the rules have been asked about a record one by one. */
  examined(position: Position): void {
    const { knownRecords } = this.#parts;
    // No rule alone was too slow, so the rules together were, as they will be on other records.
    if (knownRecords.suspect(position)?.slow === true && !knownRecords.isBlamed(position))
      this.#alwaysCareful = true;
  }

  #currentRoutes(): Routes {
    const { version } = this.#parts.suspensions;
    if (this.#routes === undefined || version !== this.#version) {
      this.#routes = createRoutes(this.#askedRules());
      this.#version = version;
    }
    return this.#routes;
  }

  #askedRules(): readonly LoadedRule[] {
    const { rules, suspensions } = this.#parts;
    return rules.filter(({ manifest }) => !suspensions.isSuspended(manifest.id));
  }
}
