import { execFileSync } from "node:child_process";
import { join } from "node:path";

const script: string = join(import.meta.dirname, "once.ts");

/** What `once.ts` prints for these arguments, from a process of its own; `flags` are for Node. */
export function once(args: readonly string[], flags: readonly string[] = []): unknown {
  const all = ["--disable-warning=ExperimentalWarning", ...flags, script, ...args];
  return JSON.parse(execFileSync(process.execPath, all, { encoding: "utf8" }));
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** `median (lowest to highest)`. */
export function spread(numbers: readonly number[]): string {
  return `${median(numbers).toFixed(2)} (${Math.min(...numbers).toFixed(2)} to ${Math.max(...numbers).toFixed(2)})`;
}
