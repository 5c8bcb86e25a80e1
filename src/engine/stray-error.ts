import { fileURLToPath, pathToFileURL } from "node:url";

import { StakeoutError } from "../core/errors.ts";
import type { LoadedRule } from "../rules/runtime.ts";

const engineFolder = fileURLToPath(new URL("..", import.meta.url));

/**
 * The rule that an error belongs to which nobody waited for: named in the error, or found in its stack. `(unknown)` where
 * neither the rules' files nor the engine are in the stack, as with a rejection that is no error; `undefined` for the
 * engine's own.
 */
export function ruleOfStray(error: unknown, rules: readonly LoadedRule[]): string | undefined {
  const named = error instanceof StakeoutError ? error.fields["rule"] : undefined;
  if (typeof named === "string") return named;
  const stack = error instanceof Error ? String(error.stack) : "";
  const inStack = rules.find(
    ({ manifest: { file } }) => stack.includes(file) || stack.includes(pathToFileURL(file).href),
  );
  return inStack?.manifest.id ?? (stack.includes(engineFolder) ? undefined : "(unknown)");
}
