import { cacheFolder, loadRules } from "../config/load-rules.ts";
import { defaultLimits } from "../core/limits.ts";
import { loadLogTypes } from "../parsers/log-types.ts";
import type { CommandIo } from "./io.ts";
import { loadingBudgets } from "./options.ts";
import { renderProblems } from "./problems.ts";

export interface CheckOptions {
  readonly rules: readonly string[];
  readonly logTypesDir: readonly string[];
  readonly ignoreExtraKeys: boolean;
  readonly json: boolean;
  /** In milliseconds. */
  readonly ruleBudget: number;
}

/**
 * Loads everything, tests in Panther's form and the modules of all Python rules too, reports everything that is wrong, asks
 * no rule. Exit status: 0 valid, 2 problems. With `json` one
 * object `{rules, disabled, logTypes, problems, warnings}` on standard output.
 */
export async function checkCommand(options: CheckOptions, io: CommandIo): Promise<number> {
  using watchdog = io.watch?.();
  watchdog?.enter("loading the rules", options.ruleBudget * loadingBudgets);
  const { logTypes, problems: logTypeProblems } = loadLogTypes(options.logTypesDir);
  const loaded = await loadRules(options.rules, {
    cacheFolder: cacheFolder(),
    limits: defaultLimits,
    pantherTests: true,
    ignoreExtraKeys: options.ignoreExtraKeys,
  });
  const problems = [...logTypeProblems, ...loaded.problems, ...loaded.panther.loadAll()];
  watchdog?.leave();
  const { rules, warnings } = loaded;
  const enabled = rules.filter((rule) => rule.manifest.enabled);
  const disabled = rules.length - enabled.length;
  const status = problems.length > 0 ? 2 : 0;
  if (options.json) {
    const report = {
      rules: enabled.map((rule) => rule.manifest.id),
      disabled,
      logTypes: logTypes.names,
      problems,
      warnings,
    };
    io.stdout.write(`${JSON.stringify(report)}\n`);
    return status;
  }
  if (warnings.length > 0) io.stderr.write(`Warnings:\n${renderProblems(warnings)}`);
  if (problems.length > 0) {
    io.stderr.write(renderProblems(problems));
  } else {
    const off = disabled === 0 ? "" : ` (and ${disabled} disabled)`;
    const types = new Set(enabled.flatMap((rule) => rule.manifest.logTypes)).size;
    io.stdout.write(`${enabled.length} rules${off} for ${types} log types: no problems.\n`);
  }
  return status;
}
