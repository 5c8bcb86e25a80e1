const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A duration: a number of seconds, or text such as `"90s"`, `"15m"`, `"1h"`, `"1h30m"`, `"7d"` (units ms s m h d w). */
export type Duration = number | string;

/**
 * A duration in milliseconds, rounded to the nearest one, or `undefined` when it is not a duration: not finite,
 * negative, empty, or with an unknown unit. Numbers are seconds.
 */
export function parseDurationMs(duration: unknown): number | undefined {
  if (typeof duration === "number") {
    return Number.isFinite(duration) && duration >= 0 ? safeMs(duration * 1000) : undefined;
  }
  if (duration === lastText) return lastMs;
  if (typeof duration !== "string" || !/^\s*(?:\d+(?:\.\d+)?\s*(?:ms|[smhdw])\s*)+$/.test(duration)) {
    return undefined;
  }
  let totalMs = 0;
  for (const [, amount, unit] of duration.matchAll(/(\d+(?:\.\d+)?)\s*(ms|[smhdw])/g)) {
    totalMs += Number(amount) * (unitMs[unit ?? ""] ?? Number.NaN);
  }
  lastText = duration;
  lastMs = safeMs(totalMs);
  return lastMs;
}

// A rule gives the same text for every event, and taking it apart costs as much as several rules.
let lastText: string | undefined;
let lastMs: number | undefined;

function safeMs(ms: number): number | undefined {
  const rounded = Math.round(ms);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

/** A duration for people: the two largest units, such as `1h 30m`, `4d`, `12s`, `0s`. */
export function formatDuration(durationMs: number): string {
  const units: readonly (readonly [string, number])[] = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
  ];
  const parts: string[] = [];
  let restMs = Math.max(0, durationMs);
  for (const [unit, size] of units) {
    const amount = Math.floor(restMs / size);
    restMs -= amount * size;
    if (amount > 0) parts.push(`${amount}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? "0s" : parts.join(" ");
}
