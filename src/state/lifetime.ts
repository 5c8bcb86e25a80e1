import { types } from "node:util";

import { type Duration, parseDurationMs } from "../core/durations.ts";
import { StakeoutError } from "../core/errors.ts";
import { describeArgument } from "./describe-argument.ts";
import { NEVER } from "./store.ts";

/**
 * How long something is remembered: `{ in: "1h" }` or `{ in: 3600 }` (seconds) from the engine clock on, `{ at: … }` until a
 * `Date` or a number of seconds since 1970, `0` without end.
 */
export type Lifetime = { readonly in: Duration } | { readonly at: Date | number } | 0;

/** The end of the year 9999: what lies beyond was meant in other units. */
const LATEST_MS = 253_402_300_799_999;

/** The end that a lifetime means, in milliseconds since the epoch. Throws `STATE_LIFETIME_INVALID`. */
export function endOf(lifetime: Lifetime, nowMs: number, ruleId: string): number {
  if (lifetime === 0) return NEVER;
  if (typeof lifetime !== "object" || lifetime === null || Object.keys(lifetime).length !== 1) {
    const hint = typeof lifetime === "number" ? ` For seconds, write { in: ${String(lifetime)} }.` : "";
    throw invalid(ruleId, `${describeArgument(lifetime)} is not a lifetime.${hint}`);
  }
  if ("in" in lifetime) return endIn(lifetime.in, nowMs, ruleId);
  if ("at" in lifetime) return endAt(lifetime.at, ruleId);
  throw invalid(ruleId, `${describeArgument(lifetime)} is not a lifetime.`);
}

function endIn(duration: Duration, nowMs: number, ruleId: string): number {
  const durationMs = parseDurationMs(duration);
  if (durationMs === undefined || durationMs === 0) {
    throw invalid(ruleId, `{ in: ${describeArgument(duration)} } is not a duration longer than nothing.`);
  }
  if (nowMs + durationMs > LATEST_MS) {
    throw invalid(ruleId, `{ in: ${describeArgument(duration)} } ends after the year 9999.`);
  }
  return nowMs + durationMs;
}

function endAt(at: Date | number, ruleId: string): number {
  const ms = types.isDate(at) ? at.getTime() : Math.round(numberOr(at, Number.NaN) * 1000);
  if (!Number.isFinite(ms) || ms < 0) {
    throw invalid(ruleId, `{ at: ${describeArgument(at)} } is neither a valid Date nor seconds since 1970.`);
  }
  if (ms > LATEST_MS) {
    throw invalid(
      ruleId,
      `{ at: ${describeArgument(at)} } is after the year 9999; at counts seconds, not milliseconds.`,
    );
  }
  return ms;
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

function invalid(ruleId: string, problem: string): StakeoutError {
  return new StakeoutError(
    "STATE_LIFETIME_INVALID",
    `Rule ${ruleId}: ${problem} Write { in: "1h" }, { in: seconds }, { at: date or epoch seconds }, or 0 for no expiry.`,
    { fields: { rule: ruleId } },
  );
}
