import type { BacktestEnd } from "../../config/backtest-report.ts";
import type { Alert } from "../../core/alert.ts";
import { StakeoutError } from "../../core/errors.ts";
import type { Severity } from "../../core/severity.ts";

/** An alert that a backtest found. Only what orders and compares alerts is at hand: events take room. */
export interface FoundAlert {
  readonly id: string;
  readonly ruleId: string;
  readonly dedup: string;
  readonly severity: Severity;
  /** Engine clock when it was raised. */
  readonly createdMs: number;
  readonly windowStartMs: number;
  /** The first millisecond after the window. */
  readonly windowEndMs: number;
  /** The whole alert as JSON. */
  readonly text: string;
}

/** Everything that one version of the rules came to. */
export interface Findings extends BacktestEnd {
  /** By the time they were raised, then by rule and id. */
  readonly alerts: readonly FoundAlert[];
}

export function alertOf(found: FoundAlert): Alert {
  return JSON.parse(found.text) as Alert;
}

/** Takes what config/backtest-report.ts writes. */
export class Collector {
  readonly #alerts: FoundAlert[] = [];
  #end: BacktestEnd | undefined;

  add(text: string): void {
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const tab = line.indexOf("\t");
      const json = line.slice(tab + 1);
      if (line.slice(0, tab) === "alert") this.#alerts.push(foundAlert(json));
      else this.#end = JSON.parse(json) as BacktestEnd;
    }
  }

  /** Called once the lane has ended. */
  findings(): Findings {
    if (this.#end === undefined) {
      throw new StakeoutError("LANE_FAILED", "The backtest's lane ended without its report.");
    }
    return { ...this.#end, alerts: this.#alerts.sort(byTime) };
  }
}

/** The order in which alerts are shown. */
export function byTime(left: FoundAlert, right: FoundAlert): number {
  return left.createdMs - right.createdMs || compare(left.ruleId, right.ruleId) || compare(left.id, right.id);
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function foundAlert(text: string): FoundAlert {
  const alert = JSON.parse(text) as Alert;
  return {
    id: alert.id,
    ruleId: alert.ruleId,
    dedup: alert.dedup,
    severity: alert.severity,
    createdMs: Date.parse(alert.createdAt),
    windowStartMs: Date.parse(alert.windowStart),
    windowEndMs: Date.parse(alert.windowEnd),
    text,
  };
}
