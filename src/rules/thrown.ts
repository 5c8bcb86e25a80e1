import { messageOf } from "../core/errors.ts";

/** Anything that was thrown in one line, with the name of its class where it is an error: `RangeError: too large`. */
export function thrownText(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`;
  } catch {
    // Its own properties throw when they are read.
  }
  return messageOf(thrown);
}

/** What was thrown as its own language shows it, where it says so; otherwise as `thrownText`. */
export function thrownShown(thrown: unknown): string {
  if (thrown instanceof Error && "shown" in thrown && typeof thrown.shown === "string") return thrown.shown;
  return thrownText(thrown);
}

/** The stack of what was thrown; empty where there is none. */
export function stackOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.stack) : "";
  } catch {
    return "";
  }
}
