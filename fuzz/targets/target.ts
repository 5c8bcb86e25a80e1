import { StakeoutError, type Problem } from "../../src/core/errors.ts";
import type { MaybePromise } from "../../src/core/json.ts";

/** One place where bytes from outside come in. */
export interface Target {
  /** Valid inputs, and invalid ones of which something is to be learned: mutations start from them. */
  readonly seeds: readonly (string | Uint8Array)[];
  /** Words of the format, which a mutation puts in. */
  readonly words: readonly string[];
  /** Takes any bytes. Throws where something is not as it must be, whatever the bytes are. */
  run(bytes: Buffer): MaybePromise<void>;
}

/** Runs what may answer or throw a `StakeoutError`, and nothing else. `undefined` for such an error. */
export function answerOf<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof StakeoutError) return undefined;
    throw error;
  }
}

/** Problems must be ones that can be shown. */
export function checkProblems(problems: readonly Problem[]): void {
  for (const { file, line, message } of problems) {
    check(
      file !== "" && message !== "" && Number.isSafeInteger(line) && line >= 0,
      "a problem cannot be shown",
    );
  }
}

export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
