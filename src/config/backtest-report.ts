import { showAlert } from "../alerts/list.ts";
import { listRuleErrors, type RuleErrorGroup } from "../alerts/rule-errors.ts";
import { entryKinds } from "../alerts/window.ts";
import type { Period } from "../engine/backtest.ts";
import type { StateStore } from "../state/store.ts";

export type { RuleErrorGroup };

/** What a backtest tells of itself besides its alerts. */
export interface BacktestEnd {
  /** Events outside `--from` and `--to`. */
  readonly outsidePeriod: number;
  /** Time of the first dated event that was examined; `null` when there was none. */
  readonly firstEventMs: number | null;
  /** Engine clock at the end. */
  readonly clockMs: number;
  readonly ruleErrors: readonly RuleErrorGroup[];
}

export interface ReportParts {
  readonly store: StateStore;
  readonly earlierAlerts: ReadonlySet<string>;
  readonly period: Period;
  readonly write: (text: string) => Promise<void>;
}

/** Characters handed over at once: alerts may take more memory than a message should. */
const pieceLength = 256 * 1024;

/**
 * Hands over everything that a backtest found: a line `alert`, tab, JSON for each alert as it stands at the end, with its
 * events; at last a line `end`, tab, JSON of `BacktestEnd`. Pieces end where a line ends.
 */
export async function writeBacktestReport({
  store,
  earlierAlerts,
  period,
  write,
}: ReportParts): Promise<void> {
  let piece = "";
  // In one listing: each page of a store in memory costs as much as all of them.
  const ids = await store.listEntries({ kind: entryKinds.alertId, limit: Number.MAX_SAFE_INTEGER });
  for (const { key: id } of ids) {
    if (earlierAlerts.has(id)) continue;
    piece += `alert\t${JSON.stringify(await showAlert(store, id))}\n`;
    if (piece.length < pieceLength) continue;
    await write(piece);
    piece = "";
  }
  const end: BacktestEnd = {
    outsidePeriod: period.outside,
    firstEventMs: period.firstMs ?? null,
    clockMs: store.clockMs,
    ruleErrors: await listRuleErrors(store),
  };
  await write(`${piece}end\t${JSON.stringify(end)}\n`);
}
