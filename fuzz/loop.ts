import type { Clock } from "../src/core/clock.ts";
import { Chance } from "../sim/chance.ts";
import type { Coverage } from "./coverage.ts";
import { mutate } from "./mutate.ts";
import type { Target } from "./targets/target.ts";

export interface LoopOptions {
  readonly target: Target;
  readonly seed: number;
  readonly seconds: number;
  readonly clock: Clock;
  readonly coverage: Coverage;
}

export interface LoopResult {
  readonly inputs: number;
  /** Inputs that are kept because they reached something new. */
  readonly corpus: number;
  /** Parts of the code reached. */
  readonly parts: number;
  readonly slowestMs: number;
  /** The first input that broke something, and how; `undefined` where none did. */
  readonly finding: { readonly input: Buffer; readonly error: unknown } | undefined;
}

/** Longest that one input may take: none of them is longer than 4 KiB. */
const inputMsMax = 1000;

/** Tries inputs until the time is over or one breaks something. Inputs that reach new code are what later ones are made of. */
export async function fuzz({ target, seed, seconds, clock, coverage }: LoopOptions): Promise<LoopResult> {
  const chance = new Chance(seed, "fuzz");
  const corpus: Buffer[] = target.seeds.map((input) => Buffer.from(input));
  const words = target.words.map((word) => Buffer.from(word));
  const endMs = clock.monotonicMs() + seconds * 1000;
  let finding: LoopResult["finding"];
  let slowestMs = 0;
  let inputs = 0;
  for (; finding === undefined && clock.monotonicMs() < endMs; inputs++) {
    const input = corpus[inputs] ?? mutate({ corpus, words }, chance);
    const startMs = clock.monotonicMs();
    try {
      await target.run(input);
    } catch (error) {
      finding = { input, error };
    }
    const tookMs = clock.monotonicMs() - startMs;
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > inputMsMax) finding ??= { input, error: new Error(`it took ${Math.round(tookMs)} ms`) };
    if ((await coverage.newParts()) > 0 && !corpus.includes(input)) corpus.push(input);
  }
  return { inputs, corpus: corpus.length, parts: coverage.size, slowestMs, finding };
}
