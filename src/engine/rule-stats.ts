/** What a rule has done in a run. */
export interface RuleStat {
  readonly matches: number;
  /** Alerts raised. */
  readonly alerts: number;
  readonly ruleErrors: number;
  /** Events for which the rule's time was measured: one in many. */
  readonly timedEvents: number;
  /** Sum over those events, of the rule with all its functions. */
  readonly timedMicroseconds: number;
}

/** By rule id; rules that did nothing are left out. */
export type RuleStatsByRule = Readonly<Record<string, RuleStat>>;

type Counting = { -readonly [name in keyof RuleStat]: RuleStat[name] };

/** Counts what rules do. */
export class RuleStats {
  readonly #stats: Map<string, Counting>;

  /** `earlier`: of lanes of the same run that this one goes on after. */
  constructor(earlier: RuleStatsByRule = {}) {
    this.#stats = new Map(Object.entries(earlier).map(([ruleId, stat]) => [ruleId, { ...stat }]));
  }

  add(ruleId: string, name: keyof RuleStat, amount = 1): void {
    let stat = this.#stats.get(ruleId);
    if (stat === undefined) {
      stat = { matches: 0, alerts: 0, ruleErrors: 0, timedEvents: 0, timedMicroseconds: 0 };
      this.#stats.set(ruleId, stat);
    }
    stat[name] += amount;
  }

  matchesOf(ruleId: string): number {
    return this.#stats.get(ruleId)?.matches ?? 0;
  }

  read(): RuleStatsByRule {
    return Object.fromEntries([...this.#stats].map(([ruleId, stat]) => [ruleId, { ...stat }]));
  }
}

/** One event in so many is measured: two looks at the clock cost as much as ten rules. */
const eventsPerSample = 1021;

/** Chooses the events for which the time of each rule is measured. */
export class RuleSampling {
  #left = eventsPerSample;

  /** Called once per event. */
  takes(): boolean {
    this.#left -= 1;
    if (this.#left > 0) return false;
    this.#left = eventsPerSample;
    return true;
  }
}
