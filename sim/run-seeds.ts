import { defaultSteps, generatePlan } from "./generate.ts";
import { type EngineParts, engineParts } from "./lane.ts";
import type { Injected } from "./machine/machine.ts";
import { type Failure, type Outcome, simulate } from "./simulation.ts";

export interface SeedsOptions {
  /** The first seed. Default: 1. */
  readonly from?: number;
  readonly count: number;
  /** Asynchronous steps of each seed, about. */
  readonly steps?: number;
  /** With a planted bug in it. Default: none. */
  readonly parts?: Partial<EngineParts>;
  /** Told after each seed how many are done. */
  readonly onDone?: (done: number) => void;
}

/** Sums over all seeds. */
export type Figures = Omit<Outcome, "failure" | "injected"> & { readonly injected: Injected };

export interface SeedsResult {
  /** Seeds that were run. */
  readonly seeds: number;
  readonly figures: Figures | undefined;
  /** Of the first seed that failed, which is also the last that was run. */
  readonly failure: (Failure & { readonly seed: number }) | undefined;
}

/** Runs one seed after the other until one fails. */
export async function runSeeds(options: SeedsOptions): Promise<SeedsResult> {
  const { from = 1, count, steps = defaultSteps, parts, onDone } = options;
  let figures: Figures | undefined;
  for (let done = 0; done < count; done++) {
    const seed = from + done;
    const { failure, ...outcome } = await simulate(generatePlan(seed, steps), { ...engineParts, ...parts });
    figures = add(figures, outcome);
    if (failure !== undefined) return { seeds: done + 1, figures, failure: { ...failure, seed } };
    onDone?.(done + 1);
  }
  return { seeds: count, figures, failure: undefined };
}

function add(sum: Figures | undefined, more: Figures): Figures {
  if (sum === undefined) return more;
  const { injected: earlier, ...figures } = sum;
  const { injected, ...counts } = more;
  return { ...sumOf(figures, counts), injected: sumOf(earlier, injected) };
}

function sumOf<Name extends string>(
  left: Readonly<Record<Name, number>>,
  right: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const sum: Record<Name, number> = { ...left };
  for (const name of Object.keys(right) as Name[]) sum[name] += right[name];
  return sum;
}
