import type { AlertBook } from "../alerts/book.ts";
import type { RuleErrorBook } from "../alerts/rule-errors.ts";
import type { Alert } from "../core/alert.ts";
import type { Event } from "../core/event.ts";
import { StakeoutError } from "../core/errors.ts";
import { StakeoutError } from "../core/errors.ts";
import { isThenable } from "../core/json.ts";
import type { DeadLetter, RecordChunk } from "../core/record.ts";
import type { Parser } from "../parsers/parser.ts";
import { checkRuleAnswer } from "../rules/evaluate.ts";
import { describeMatch } from "../rules/outcome.ts";
import { createRouter } from "../rules/router.ts";
import type { LoadedRule, RuleScan } from "../rules/runtime.ts";
import type { Evaluation } from "../state/evaluation.ts";
import type { Period } from "./backtest.ts";
import type { LaneControl } from "./control.ts";
import type { EngineClock } from "./engine-clock.ts";
import type { Blame, KnownRecords } from "./restart.ts";
import { createRoutes, type Routes, type RouteSection } from "./routes.ts";
import type { SuspensionBook } from "./suspensions.ts";

/** What a step hands on: everything the batch will commit. */
export interface StepOutput {
  alert(alert: Alert): void;
  deadLetter(deadLetter: DeadLetter): void;
  match(ruleId: string): void;
  ruleError(): void;
  event(): void;
  /** A sentence for people. */
  warn(message: string): void;
}

export interface StepParts {
  /** All rules in their fixed order. */
  readonly rules: readonly LoadedRule[];
  readonly evaluation: Evaluation;
  readonly alertBook: AlertBook;
  readonly ruleErrorBook: RuleErrorBook;
  readonly suspensions: SuspensionBook;
  /** Records on which earlier lanes of this run died. */
  readonly knownRecords: KnownRecords;
  readonly clock: EngineClock;
  readonly output: StepOutput;
  /** Told what rules are at, and asked before each record whether to stop. */
  readonly control: LaneControl;
  /** Only in a backtest: which events there are at all. */
  readonly period: Period | undefined;
}

const windowsPerClose = 64;

/**
 * Takes records through the whole flow, strictly one by one: parse, move the engine clock, close dedup windows that have
 * passed, ask every rule of the log type in order, turn matches into alerts. Nothing here knows where a batch begins or
 * ends, which is why the results cannot depend on it.
 */
export class Step {
  readonly #parts: StepParts;
  readonly #numbers: ReadonlyMap<LoadedRule, number>;
  #routes: Routes | undefined;
  /** Asks rules one by one and notes each, so that the one that ends the lane is known. */
  #careful = false;
  #answer: unknown = false;
  #thrown: { readonly error: unknown } | undefined;

  constructor(parts: StepParts) {
    this.#parts = parts;
    this.#numbers = new Map(parts.rules.map((rule, number) => [rule, number]));
  }

  /**
   * Processes a chunk's records from the one numbered `from`. Answers how many of the chunk are done: all of them unless a
   * stop was requested or `pause` asked for a commit in between.
   */
  async run(chunk: RecordChunk, { parser, from, pause }: StepRun): Promise<number> {
    const { control, clock, alertBook, output, period, knownRecords } = this.#parts;
    control.enterStream(chunk.source, chunk.stream);
    for (let index = from; index < chunk.count; index++) {
      if (control.stopRequested || (index > from && pause())) return index;
      const parsed = parser.parse(index);
      if (parsed === undefined) continue;
      if (parsed.kind === "dead-letter") {
        output.deadLetter(parsed);
        continue;
      }
      if (period !== undefined && !period.includes(parsed.timeMs)) continue;
      output.event();
      const nowMs = clock.advance(parsed.timeMs);
      if (nowMs >= alertBook.nextCloseMs) await this.#closeDue(nowMs);
      control.beginRecord(parsed.position.offset);
      const suspect = knownRecords.suspect(parsed.position);
      if (suspect !== undefined || this.#careful) {
        const refused = await this.#examineCarefully(parsed, parser, index);
        // No rule alone was too slow, so the rules together were, as they will be on other records.
        this.#careful ||= suspect?.slow === true && !refused;
        control.endBusy();
        continue;
      }
      this.#routes ??= createRoutes(this.#askedRules());
      const route = this.#routes.of(parsed.logType);
      if (route.standardFields) parser.attachStandardFields(parsed, nowMs);
      if (route.records) parser.attachRecord(parsed, index);
      for (const section of route.sections) {
        const { rules } = section;
        for (let next = this.#next(section, 0, parsed); next < rules.length;) {
          const rule = rules[next];
          if (rule === undefined) break;
          await this.#resolve(rule, parsed, parser);
          next = this.#next(section, next + 1, parsed);
        }
      }
      control.endBusy();
    }
    return chunk.count;
  }

  /** Asks every rule by itself, but none that must not look at this record. Answers whether there was such a one. */
  async #examineCarefully(event: Event, parser: Parser, index: number): Promise<boolean> {
    const { control, clock, knownRecords } = this.#parts;
    const rules = createRouter(this.#askedRules()).rulesFor(event.logType);
    if (rules.some((rule) => rule.usesStandardFields)) parser.attachStandardFields(event, clock.nowMs);
    if (rules.some((rule) => rule.readsRecord === true)) parser.attachRecord(event, index);
    let refused = false;
    for (const rule of rules) {
      const blame = knownRecords.blame(event.position, rule.manifest.id);
      if (blame === undefined) {
        control.beginRule(this.#numbers.get(rule) ?? 0);
        if (this.#ask([rule], 0, event) === 0) await this.#resolve(rule, event, parser);
      } else {
        refused = true;
        this.#refuse({ rule, event, parser }, blame);
      }
    }
    return refused;
  }

  /** Records what a rule did in an earlier lane, instead of asking it. */
  #refuse(evaluated: Evaluated, { ruleId, code, did }: Blame): void {
    const { suspensions, clock, output } = this.#parts;
    const message = `Rule ${ruleId} ${did}. Nothing that it did is kept, and it is not asked about this event again.`;
    this.#ruleError(evaluated, "rule", new StakeoutError(code, message, { fields: { rule: ruleId } }));
    const suspended = suspensions.record(evaluated.rule, clock.nowMs, did);
    if (suspended === undefined) return;
    output.warn(suspended);
    this.#routes = undefined;
  }

  #askedRules(): readonly LoadedRule[] {
    const { rules, suspensions } = this.#parts;
    return rules.filter(({ manifest }) => !suspensions.isSuspended(manifest.id));
  }

  /**
   * Asks rules from number `from` on until one answers something else than a plain `false`; that one's evaluation is left
   * under way and its number answered.
   */
  #next({ rules, scan }: RouteSection, from: number, event: Event): number {
    return scan === undefined ? this.#ask(rules, from, event) : this.#scan({ rules, scan }, from, event);
  }

  /** `#next` for rules that are asked together. */
  #scan({ rules, scan }: ScannedSection, from: number, event: Event): number {
    const { evaluation, clock } = this.#parts;
    const first = rules[from];
    if (first === undefined) return rules.length;
    const nowMs = clock.nowMs;
    evaluation.begin(first.manifest.id, event.position, nowMs);
    const index = scan.next(event, from);
    const rule = rules[index];
    if (rule === undefined || evaluation.ruleId !== rule.manifest.id) evaluation.end();
    if (rule === undefined) return index;
    // Where the rule used state, its own evaluation is under way already, with its operations counted.
    evaluation.begin(rule.manifest.id, event.position, nowMs);
    try {
      this.#answer = scan.answer();
      this.#thrown = undefined;
    } catch (error) {
      this.#thrown = { error };
    }
    return index;
  }

  /** `#next` for rules that are called one by one. Most answer `false` at once, so this loop stays free of promises. */
  #ask(rules: readonly LoadedRule[], from: number, event: Event): number {
    const { evaluation, clock } = this.#parts;
    const nowMs = clock.nowMs;
    for (let index = from; index < rules.length; index++) {
      const rule = rules[index];
      if (rule === undefined) break;
      evaluation.begin(rule.manifest.id, event.position, nowMs);
      try {
        this.#answer = rule.rule(event);
        this.#thrown = undefined;
        if (this.#answer !== false || evaluation.used) return index;
      } catch (error) {
        this.#thrown = { error };
        return index;
      }
      evaluation.end();
    }
    return rules.length;
  }

  /** Brings the evaluation that `#scan` left under way to its end. A failure of one rule never touches another. */
  async #resolve(rule: LoadedRule, event: Event, parser: Parser): Promise<void> {
    const { evaluation } = this.#parts;
    try {
      if (this.#thrown !== undefined) throw this.#thrown.error;
      const answer = isThenable(this.#answer) ? await evaluation.waitFor(this.#answer) : this.#answer;
      const pending = evaluation.settle();
      if (pending !== undefined) throw pending;
      if (checkRuleAnswer(rule, answer)) await this.#match(rule, event, parser);
    } catch (error) {
      this.#ruleError({ rule, event, parser }, "rule", error);
    } finally {
      evaluation.end();
    }
  }

  async #match(rule: LoadedRule, event: Event, parser: Parser): Promise<void> {
    const { evaluation, clock, alertBook, output, control } = this.#parts;
    output.match(rule.manifest.id);
    if (!rule.manifest.createAlert) return;
    const nowMs = clock.nowMs;
    const described = describeMatch({
      rule,
      event,
      clockMs: nowMs,
      toAlertEvent: () => parser.toAlertEvent(event, nowMs),
      waitFor: (answer) => evaluation.waitFor(answer),
      settle: () => evaluation.settle(),
    });
    const { match, failures } = isThenable(described) ? await described : described;
    // The rule is done; what follows may wait for the store.
    evaluation.end();
    for (const failure of failures) {
      this.#ruleError({ rule, event, parser }, failure.function, failure.error);
    }
    control.endBusy();
    const added = alertBook.add(match);
    const alert = isThenable(added) ? await added : added;
    if (alert !== undefined) output.alert(alert);
    control.beginRecord(event.position.offset);
  }

  /** Closes windows a few at a time: a clock that jumps may end more of them than fit into memory with their events. */
  async #closeDue(nowMs: number): Promise<void> {
    const { alertBook, output } = this.#parts;
    while (nowMs >= alertBook.nextCloseMs) {
      const closing = alertBook.closeDue(nowMs, windowsPerClose);
      for (const alert of isThenable(closing) ? await closing : closing) output.alert(alert);
    }
  }

  #ruleError({ rule, event, parser }: Evaluated, functionName: string, error: unknown): void {
    const { ruleErrorBook, clock, output } = this.#parts;
    if (error instanceof StakeoutError && error.code === "LANE_FAILED") throw error;
    const clockMs = clock.nowMs;
    output.ruleError();
    ruleErrorBook.record({
      ruleId: rule.manifest.id,
      function: functionName,
      error,
      clockMs,
      position: event.position,
      event: () => parser.toAlertEvent(event, clockMs),
    });
  }
}

export interface StepRun {
  readonly parser: Parser;
  /** Number of the first record that is not done yet. */
  readonly from: number;
  /** Asked between records: true ends the step so that the batch can be committed. */
  readonly pause: () => boolean;
}

interface ExaminedRecord {
  readonly event: Event;
  readonly parser: Parser;
  /** Number of the record in its chunk. */
  readonly index: number;
}

interface ScannedSection {
  readonly rules: readonly LoadedRule[];
  readonly scan: RuleScan;
}

interface Evaluated {
  readonly rule: LoadedRule;
  readonly event: Event;
  readonly parser: Parser;
}
