import { formatDuration } from "../../core/durations.ts";
import { formatBytes } from "../summary.ts";

/** Stands for a figure that is not known yet, or does not apply. */
const unknown = "-";

export function integer(value: number | undefined): string {
  return value === undefined ? unknown : Math.round(value).toLocaleString("en-US");
}

export function decimal(value: number | undefined, digits: number): string {
  return value === undefined ? unknown : value.toFixed(digits);
}

export function bytes(value: number | undefined): string {
  return value === undefined ? unknown : formatBytes(Math.round(value));
}

/** A figure with its sign, for what grows and shrinks. */
export function signed(value: number | undefined, format: (value: number) => string): string {
  if (value === undefined) return unknown;
  return (value < 0 ? "-" : "+") + format(Math.abs(value));
}

/** How long something has waited: to a tenth of a second while that matters. */
export function lag(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)}s` : formatDuration(ms);
}
