import type { FunctionOutput, TestFailure } from "./model.ts";

type Output = Omit<FunctionOutput, "passed">;

export interface CheckedDestinations {
  readonly outputs: readonly Output[];
  readonly failures: readonly TestFailure[];
}

/** Fails answers of `destinations` that name a destination twice, or one that is not available. */
export function checkDestinations(
  outputs: readonly Output[],
  available: readonly string[],
): CheckedDestinations {
  const failures: TestFailure[] = [];
  const checked = outputs.map((output) => {
    const unknown = output.function === "destinations" ? unknownNames(output.output, available) : [];
    if (unknown.length === 0) return output;
    const message = `not among the available destinations, or named twice: ${unknown.join(", ")}`;
    failures.push({ what: "destinations", message, expected: available, actual: output.output });
    return { ...output, error: `UnknownDestinationError: ${message}` };
  });
  return { outputs: checked, failures };
}

function unknownNames(answer: Output["output"], available: readonly string[]): readonly string[] {
  if (!Array.isArray(answer)) return [];
  const names = answer.map(String);
  return names.filter((name, index) => !available.includes(name) || names.indexOf(name) !== index);
}
