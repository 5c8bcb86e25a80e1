import { hash } from "node:crypto";

import type { Alert } from "../../src/core/alert.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Position } from "../../src/core/position.ts";
import type { SimLimits } from "../plan.ts";
import type { Program } from "../program.ts";
import { logType } from "../record-bytes.ts";

/** A rule answered true. */
export interface ModelMatch {
  readonly program: Program;
  readonly title: string;
  readonly dedup: string;
  readonly unique: string | undefined;
  readonly context: JsonObject;
  readonly timeMs: number;
  readonly clockMs: number;
  readonly position: Position;
  /** As an alert keeps it. */
  readonly event: JsonObject;
}

/** A dedup window with everything that ever fell into it. */
export interface ModelWindow {
  readonly id: string;
  readonly program: Program;
  readonly dedup: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly matches: ModelMatch[];
  /** The match that raised the alert. */
  raisedBy: ModelMatch | undefined;
  closed: boolean;
}

/** Dedup windows as docs/alerts.md describes them: all matches are kept, and everything is counted anew each time. */
export class ModelWindows {
  /** Every window that is open or had an alert. */
  windows: readonly ModelWindow[] = [];
  readonly #limits: SimLimits;

  constructor(limits: SimLimits) {
    this.#limits = limits;
  }

  get open(): readonly ModelWindow[] {
    return this.windows.filter(({ closed }) => !closed);
  }

  /** Ends windows; answers the alerts among them as they are announced. */
  close(nowMs: number): readonly Alert[] {
    const ended = this.open
      .filter(({ endMs }) => endMs <= nowMs)
      .sort((left, right) => left.endMs - right.endMs || (left.id < right.id ? -1 : 1));
    for (const window of ended) window.closed = true;
    this.windows = this.windows.filter(({ closed, raisedBy }) => !closed || raisedBy !== undefined);
    return ended.filter(({ raisedBy }) => raisedBy !== undefined).map((window) => this.alertOf(window));
  }

  /** Counts a match; answers the alert where this one raises it. */
  add(match: ModelMatch): Alert | undefined {
    const window = this.#windowOf(match);
    window.matches.push(match);
    if (window.raisedBy !== undefined || reached(window) < window.program.threshold) return undefined;
    window.raisedBy = match;
    return this.alertOf(window);
  }

  /** The alert of a window with its counts so far. */
  alertOf({ id, program, dedup, startMs, endMs, matches, raisedBy, closed }: ModelWindow): Alert {
    const times = matches.map(({ timeMs }) => timeMs);
    const events = this.#kept(matches);
    const values = new Set(matches.map(({ unique }) => unique));
    values.delete(undefined);
    return {
      id,
      status: closed ? "closed" : "open",
      ruleId: program.id,
      ruleName: program.id,
      title: raisedBy?.title ?? "",
      severity: "low",
      dedup,
      logType,
      description: "",
      reference: "",
      runbook: "",
      tags: [],
      reports: {},
      destinations: program.quiet ? [] : null,
      threshold: program.threshold,
      matchCount: matches.length,
      ...(program.unique ? { uniqueCount: values.size, uniqueEstimated: false } : {}),
      firstEventTime: new Date(Math.min(...times)).toISOString(),
      lastEventTime: new Date(Math.max(...times)).toISOString(),
      windowStart: new Date(startMs).toISOString(),
      windowEnd: new Date(endMs).toISOString(),
      createdAt: new Date(raisedBy?.clockMs ?? 0).toISOString(),
      context: raisedBy?.context ?? {},
      summary: {},
      events,
      eventsOmitted: matches.length - events.length,
      position: raisedBy?.position ?? { source: "", stream: "", offset: 0 },
    };
  }

  #windowOf({ program, dedup, clockMs }: ModelMatch): ModelWindow {
    const found = this.open.find((window) => window.program.id === program.id && window.dedup === dedup);
    if (found !== undefined) return found;
    const window: ModelWindow = {
      id: hash("sha256", JSON.stringify([program.id, dedup, clockMs]), "hex").slice(0, 32),
      program,
      dedup,
      startMs: clockMs,
      endMs: clockMs + program.dedupPeriodMs,
      matches: [],
      raisedBy: undefined,
      closed: false,
    };
    this.windows = [...this.windows, window];
    return window;
  }

  /** The first events, until one does not fit. */
  #kept(matches: readonly ModelMatch[]): readonly JsonObject[] {
    const { alertEventsMax, alertEventBytesMax } = this.#limits;
    const kept: JsonObject[] = [];
    let bytes = 0;
    for (const { event } of matches) {
      bytes += Buffer.byteLength(JSON.stringify(event));
      if (kept.length > 0 && (kept.length === alertEventsMax || bytes > alertEventBytesMax)) break;
      kept.push(event);
    }
    return kept;
  }
}

function reached({ program, matches }: ModelWindow): number {
  if (!program.unique) return matches.length;
  return new Set(matches.map(({ unique }) => unique).filter((value) => value !== undefined)).size;
}
