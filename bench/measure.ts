import { execFileSync } from "node:child_process";
import { join } from "node:path";

import type { Measurement } from "./once.ts";

const script: string = join(import.meta.dirname, "once.ts");

/** One measurement by `once.ts` with these arguments, in a process of its own. */
export function once<M extends Measurement>(...args: readonly string[]): M {
  return runNode<M>([], args);
}

/** The same with flags for Node. */
export function runNode<M extends Measurement>(flags: readonly string[], args: readonly string[]): M {
  const all = ["--disable-warning=ExperimentalWarning", ...flags, script, ...args];
  return JSON.parse(execFileSync(process.execPath, all, { encoding: "utf8" })) as M;
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** `median (lowest to highest)`. */
export function spread(numbers: readonly number[]): string {
  return `${median(numbers).toFixed(2)} (${Math.min(...numbers).toFixed(2)} to ${Math.max(...numbers).toFixed(2)})`;
}
