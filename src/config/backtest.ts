import { systemClock } from "../core/clock.ts";
import { StakeoutError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import type { CommittedFile } from "../destinations/destination.ts";
import { Period } from "../engine/backtest.ts";
import type { LaneParts } from "../engine/lane-parts.ts";
import { nearest } from "../rules/nearest.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import { writeBacktestReport } from "./backtest-report.ts";
import { createBacktestStore } from "./backtest-state.ts";
import type { BacktestConfig } from "./run-config.ts";

/** What a backtest is made from besides its configuration. */
export interface BacktestContext {
  readonly rules: readonly LoadedRule[];
  readonly limits: Limits;
  /** Takes the report; resolves when the next piece can follow. */
  readonly write: (text: string) => Promise<void>;
  readonly warn: (message: string) => void;
}

/** The parts of a lane that differ when it replays history. The flow itself is the same. */
export type BacktestParts = Required<
  Pick<LaneParts, "rules" | "store" | "deadLettersFile" | "clock" | "period" | "atEnd">
>;

/** Throws `USAGE` for a rule that does not exist, and what opening the state to start with throws. */
export async function prepareBacktest(
  config: BacktestConfig,
  { rules, limits, write, warn }: BacktestContext,
): Promise<BacktestParts> {
  const chosen = chooseRules(rules, config, warn);
  const { store, earlierAlerts } = await createBacktestStore(config.stateFrom, limits);
  // A wall clock that moved on would give events dated in the future another time in each backtest.
  const clock = { ...systemClock, nowMs: () => config.wallMs };
  const period = new Period({ fromMs: config.fromMs, toMs: config.toMs, wall: clock });
  return {
    rules: chosen,
    store,
    deadLettersFile: nowhere,
    clock,
    period,
    atEnd: () => writeBacktestReport({ store, earlierAlerts, period, write }),
  };
}

/** Dead letters are counted; their bytes are in the input, which a backtest leaves as it is. */
const nowhere: CommittedFile = {
  path: "(backtest)",
  open: () => ({ bytes: 0 }),
  append: () => 0,
  close: () => undefined,
};

function chooseRules(
  rules: readonly LoadedRule[],
  { onlyRules, onlyKnownRules }: BacktestConfig,
  warn: (message: string) => void,
): readonly LoadedRule[] {
  if (onlyRules.length === 0) return rules;
  const byId = new Map(rules.map((rule) => [rule.manifest.id, rule]));
  for (const id of onlyRules) {
    const rule = byId.get(id);
    if (rule === undefined && onlyKnownRules) throw unknownRule(id, byId.keys());
    if (rule?.manifest.enabled === false) warn(`The rule ${id} is not enabled, so it is not asked.`);
  }
  return rules.filter(({ manifest }) => onlyRules.includes(manifest.id));
}

function unknownRule(id: string, known: Iterable<string>): StakeoutError {
  const meant = nearest(id, known);
  const advice =
    meant === undefined ? '"stakeout check --json" lists the rules there are.' : `Did you mean ${meant}?`;
  return new StakeoutError("USAGE", `There is no rule ${id}. ${advice}`, { fields: { rule: id } });
}
