import type { AlertBook } from "../alerts/book.ts";
import type { RuleErrorBook } from "../alerts/rule-errors.ts";
import type { Alert } from "../core/alert.ts";
import { StakeoutError } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import { isThenable } from "../core/json.ts";
import type { DeadLetter, RecordChunk } from "../core/record.ts";
import type { Parser } from "../parsers/parser.ts";
import { checkRuleAnswer } from "../rules/evaluate.ts";
import { describeMatch } from "../rules/outcome.ts";
import type { LoadedRule, RuleScan } from "../rules/runtime.ts";
import type { Evaluation } from "../state/evaluation.ts";
import type { Period } from "./backtest.ts";
import type { EngineClock } from "./engine-clock.ts";
import { RuleGuard, type RuleGuardParts } from "./restart-guard.ts";
import type { RouteSection } from "./routes.ts";
import type { Staging } from "./staging.ts";

/** What a step hands on: everything the batch will commit. */
export interface StepOutput {
  alert(alert: Alert): void;
  deadLetter(deadLetter: DeadLetter): void;
  match(ruleId: string): void;
  ruleError(ruleId: string, error: unknown): void;
  event(): void;
  /** A sentence for people. */
  warn(message: string): void;
}

export interface StepParts extends RuleGuardParts {
  readonly evaluation: Evaluation;
  readonly alertBook: AlertBook;
  readonly ruleErrorBook: RuleErrorBook;
  readonly clock: EngineClock;
  readonly output: StepOutput;
  /** Only in a backtest: which events there are at all. */
  readonly period: Period | undefined;
  /** Rules of whose alerts nobody is notified; left out where nobody is notified of any. */
  readonly staging?: Staging | undefined;
  /** Measures the time of rules; left out where nobody asks for it. */
  readonly timing?: RuleTiming | undefined;
}

export interface RuleTiming {
  /** Whether the time of each rule is measured for the event that comes next. */
  takes(): boolean;
  monotonicMs(): number;
  /** Called for each rule that was asked about such an event. */
  took(ruleId: string, ms: number): void;
}

const windowsPerClose = 64;

/**
 * Takes records through the whole flow, strictly one by one: parse, move the engine clock, close dedup windows that have
 * passed, ask every rule of the log type in order, turn matches into alerts. Nothing here knows where a batch begins or
 * ends, which is why the results cannot depend on it.
 */
export class Step {
  readonly #parts: StepParts;
  readonly #guard: RuleGuard;
  #answer: unknown = false;
  #thrown: { readonly error: unknown } | undefined;

  constructor(parts: StepParts) {
    this.#parts = parts;
    this.#guard = new RuleGuard(parts, (message) => parts.output.warn(message));
  }

  /**
   * Processes a chunk's records from the one numbered `from`. Answers how many of the chunk are done: all of them unless a
   * stop was requested or `pause` asked for a commit in between.
   */
  async run(chunk: RecordChunk, { parser, from, pause }: StepRun): Promise<number> {
    const { control, clock, alertBook, output, period, timing } = this.#parts;
    const guard = this.#guard;
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
      if (guard.isCareful(parsed.position) || timing?.takes() === true) {
        await this.#askOneByOne({ event: parsed, parser, index });
        control.endBusy();
        continue;
      }
      const route = guard.routes.of(parsed.logType);
      if (route.standardFields) parser.attachStandardFields(parsed, nowMs);
      if (route.records) parser.attachRecord(parsed, index);
      for (const section of route.sections) {
        const { rules, budgeted } = section;
        if (budgeted !== undefined) guard.beginRule(budgeted);
        for (let next = this.#next(section, 0, parsed); next < rules.length;) {
          const rule = rules[next];
          if (rule === undefined) break;
          await this.#resolve(rule, parsed, parser);
          next = this.#next(section, next + 1, parsed);
        }
        if (budgeted !== undefined) control.beginRecord(parsed.position.offset);
      }
      control.endBusy();
    }
    return chunk.count;
  }

  /** Asks every rule by itself, but none that must not look at this record. */
  async #askOneByOne({ event, parser, index }: ExaminedRecord): Promise<void> {
    const { clock, timing } = this.#parts;
    const guard = this.#guard;
    const rules = guard.rulesFor(event.logType);
    if (rules.some((rule) => rule.usesStandardFields)) parser.attachStandardFields(event, clock.nowMs);
    if (rules.some((rule) => rule.readsRecord === true)) parser.attachRecord(event, index);
    for (const rule of rules) {
      const refusal = guard.refusal(event.position, rule);
      if (refusal === undefined) {
        const startedMs = timing?.monotonicMs() ?? 0;
        guard.beginRule(rule);
        if (this.#ask([rule], 0, event) === 0) await this.#resolve(rule, event, parser);
        timing?.took(rule.manifest.id, timing.monotonicMs() - startedMs);
      } else {
        this.#ruleError({ rule, event, parser }, "rule", refusal);
        guard.refused(event.position, rule, clock.nowMs);
      }
    }
    guard.examined(event.position);
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
    const staged = this.#parts.staging?.isStaged(rule.manifest, nowMs) === true;
    const added = alertBook.add(staged ? { ...match, destinations: [], staged } : match);
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
    // A runtime that has died says so for whichever rule it was asked; nothing can be asked any more.
    if (error instanceof StakeoutError && error.code === "LANE_FAILED") throw error;
    const { ruleErrorBook, clock, output } = this.#parts;
    const clockMs = clock.nowMs;
    output.ruleError(rule.manifest.id, error);
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
